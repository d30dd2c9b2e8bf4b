// SPDX-License-Identifier: GPL-2.0-only
/*
 * labi2c: an I2C adapter with simulated chips, for tests.
 *
 * A chip has 256 byte registers and is written as a Bosch sensor is: pairs of
 * register and value, without auto-increment (BME280 datasheet BST-BME280-DS002
 * rev 1.6, section 6.2.1). Reads do auto-increment. Chips of kind "bme280" also
 * convert: the data registers hold their reset values 80 00 00 80 00 00 80 00
 * until a measurement has ended (section 5.4.7 to 5.4.9), a measurement is started
 * by the mode bits of ctrl_meas, shows as "measuring" in status and falls back to
 * sleep by itself when it was forced (3.3), and takes what "sense" has set.
 *
 * Commands, one a line, to /sys/devices/platform/labi2c/command; numbers as
 * kstrtoint takes them, with base prefix:
 *
 *	add ADDR bme280|plain	put a chip on the bus
 *	del ADDR		take it away: nobody acknowledges its address
 *	set ADDR REG HEX	registers from REG on
 *	sense ADDR HEX		the 8 raw bytes that the next conversions give
 *	fail ADDR N ERRNO	the next N transfers fail; N < 0: until "fail ADDR 0 0"
 *	delay ADDR MS		each transfer takes so much longer
 *	busy ADDR MS		a conversion takes so long (default 8)
 *	stall ADDR 0|1		conversions never end
 *
 * Reading the file lists address, transfers and conversions of each chip.
 */
#include <linux/delay.h>
#include <linux/i2c.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#define REG_RESET	0xE0
#define REG_CTRL_HUM	0xF2
#define REG_STATUS	0xF3
#define REG_CTRL_MEAS	0xF4
#define REG_CONFIG	0xF5
#define REG_DATA	0xF7
#define DATA_LEN	8
#define STATUS_MEASURING 0x08
#define MODE_MASK	0x03
#define MODE_NORMAL	0x03
#define SOFT_RESET	0xB6

static const u8 data_reset[DATA_LEN] = { 0x80, 0, 0, 0x80, 0, 0, 0x80, 0 };

struct chip {
	bool bme280, stall;
	u8 reg[256];
	u8 sense[DATA_LEN];
	u8 ptr;
	u8 humidity;		/* ctrl_hum takes effect with the next write to ctrl_meas (5.4.3) */
	int fail, fail_errno;
	unsigned int delay_ms, busy_ms;
	bool measuring;
	ktime_t done;
	unsigned long transfers, conversions;
};

static DEFINE_MUTEX(lock);	/* of everything below */
static struct chip *chips[128];
static struct platform_device *pdev;
static struct i2c_adapter adapter;

static void reset_chip(struct chip *c)
{
	c->measuring = false;
	c->humidity = 0;
	c->reg[REG_CTRL_HUM] = 0;
	c->reg[REG_STATUS] = 0;
	c->reg[REG_CTRL_MEAS] = 0;
	c->reg[REG_CONFIG] = 0;
	memcpy(&c->reg[REG_DATA], data_reset, DATA_LEN);
}

static void start_measuring(struct chip *c)
{
	c->measuring = true;
	c->done = ktime_add_ms(ktime_get(), c->busy_ms);
	c->reg[REG_STATUS] |= STATUS_MEASURING;
}

/* A channel whose oversampling is 0 is skipped and keeps its reset value. */
static void take_values(struct chip *c)
{
	memcpy(&c->reg[REG_DATA], data_reset, DATA_LEN);
	if ((c->reg[REG_CTRL_MEAS] >> 2) & 7)
		memcpy(&c->reg[REG_DATA], c->sense, 3);
	if (c->reg[REG_CTRL_MEAS] >> 5)
		memcpy(&c->reg[REG_DATA + 3], c->sense + 3, 3);
	if (c->humidity & 7)
		memcpy(&c->reg[REG_DATA + 6], c->sense + 6, 2);
}

static void settle(struct chip *c)
{
	if (!c->measuring || c->stall || ktime_before(ktime_get(), c->done))
		return;
	take_values(c);
	c->conversions++;
	c->measuring = false;
	c->reg[REG_STATUS] &= ~STATUS_MEASURING;
	if ((c->reg[REG_CTRL_MEAS] & MODE_MASK) == MODE_NORMAL)
		start_measuring(c);
	else
		c->reg[REG_CTRL_MEAS] &= ~MODE_MASK;
}

static void write_reg(struct chip *c, u8 reg, u8 val)
{
	if (!c->bme280) {
		c->reg[reg] = val;
		return;
	}
	switch (reg) {
	case REG_RESET:
		if (val == SOFT_RESET)
			reset_chip(c);
		break;
	case REG_CTRL_HUM:
	case REG_CONFIG:
		c->reg[reg] = val;
		break;
	case REG_CTRL_MEAS:
		c->reg[reg] = val;
		c->humidity = c->reg[REG_CTRL_HUM];
		if (val & MODE_MASK)
			start_measuring(c);
		else
			c->measuring = false;
		break;
	default:		/* read only, as on the part */
		break;
	}
}

static int transfer(struct chip *c, struct i2c_msg *m)
{
	int i;

	settle(c);
	if (m->flags & I2C_M_RD) {
		for (i = 0; i < m->len; i++)
			m->buf[i] = c->reg[c->ptr++];
		return 0;
	}
	if (m->len)
		c->ptr = m->buf[0];
	for (i = 0; i + 1 < m->len; i += 2)
		write_reg(c, m->buf[i], m->buf[i + 1]);
	return 0;
}

static int lab_xfer(struct i2c_adapter *a, struct i2c_msg *msgs, int num)
{
	unsigned int wait = 0;
	int i, err = 0;

	mutex_lock(&lock);
	for (i = 0; i < num && !err; i++) {
		struct chip *c = msgs[i].addr < 128 ? chips[msgs[i].addr] : NULL;

		if (!c) {
			err = -ENXIO;
			break;
		}
		c->transfers++;
		wait += c->delay_ms;
		if (c->fail) {
			if (c->fail > 0)
				c->fail--;
			err = -c->fail_errno;
			break;
		}
		err = transfer(c, &msgs[i]);
	}
	mutex_unlock(&lock);
	if (wait)
		msleep(wait);
	return err ? err : num;
}

static u32 lab_func(struct i2c_adapter *a)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm lab_algorithm = {
	.master_xfer = lab_xfer,
	.functionality = lab_func,
};

static int add_chip(int addr, const char *kind)
{
	struct chip *c;

	if (chips[addr])
		return -EEXIST;
	c = kzalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	c->bme280 = !strcmp(kind, "bme280");
	c->busy_ms = 8;
	if (c->bme280)
		reset_chip(c);
	chips[addr] = c;
	return 0;
}

static int set_bytes(u8 *to, size_t room, const char *hex)
{
	size_t n = strlen(hex) / 2;

	if (strlen(hex) % 2 || n > room)
		return -EINVAL;
	return hex2bin(to, hex, n);
}

static int carry_out(char *line)
{
	char *word = strsep(&line, " "), *rest = line, *first;
	struct chip *c;
	int addr, a, b;

	first = rest ? strsep(&rest, " ") : NULL;
	if (!first || kstrtoint(first, 0, &addr) || addr < 0 || addr > 127)
		return -EINVAL;
	if (!rest)
		rest = "";
	if (!strcmp(word, "add"))
		return add_chip(addr, rest);
	c = chips[addr];
	if (!c)
		return -ENODEV;
	if (!strcmp(word, "del")) {
		chips[addr] = NULL;
		kfree(c);
	} else if (!strcmp(word, "set")) {
		first = strsep(&rest, " ");
		if (!rest || kstrtoint(first, 0, &a) || a < 0 || a > 255)
			return -EINVAL;
		return set_bytes(c->reg + a, sizeof(c->reg) - a, rest);
	} else if (!strcmp(word, "sense")) {
		return strlen(rest) == 2 * DATA_LEN ? set_bytes(c->sense, DATA_LEN, rest) : -EINVAL;
	} else if (!strcmp(word, "fail")) {
		if (sscanf(rest, "%d %d", &a, &b) != 2)
			return -EINVAL;
		c->fail = a;
		c->fail_errno = b;
	} else if (!strcmp(word, "delay")) {
		return kstrtouint(rest, 0, &c->delay_ms);
	} else if (!strcmp(word, "busy")) {
		return kstrtouint(rest, 0, &c->busy_ms);
	} else if (!strcmp(word, "stall")) {
		return kstrtobool(rest, &c->stall);
	} else {
		return -EINVAL;
	}
	return 0;
}

static ssize_t command_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	char *text = kstrndup(buf, count, GFP_KERNEL), *rest = text, *line;
	int err = 0;

	if (!text)
		return -ENOMEM;
	mutex_lock(&lock);
	while (!err && (line = strsep(&rest, "\n")))
		if (*line)
			err = carry_out(line);
	mutex_unlock(&lock);
	kfree(text);
	return err ? err : count;
}

static ssize_t command_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	int i, n = 0;

	mutex_lock(&lock);
	for (i = 0; i < 128; i++)
		if (chips[i])
			n += sysfs_emit_at(buf, n, "0x%02x %lu %lu\n", i, chips[i]->transfers, chips[i]->conversions);
	mutex_unlock(&lock);
	return n;
}
static DEVICE_ATTR_RW(command);

static int __init lab_init(void)
{
	int err;

	pdev = platform_device_register_simple("labi2c", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	adapter.owner = THIS_MODULE;
	adapter.algo = &lab_algorithm;
	adapter.dev.parent = &pdev->dev;
	strscpy(adapter.name, "labi2c", sizeof(adapter.name));
	err = i2c_add_adapter(&adapter);
	if (err)
		goto no_adapter;
	err = device_create_file(&pdev->dev, &dev_attr_command);
	if (!err)
		return 0;
	i2c_del_adapter(&adapter);
no_adapter:
	platform_device_unregister(pdev);
	return err;
}

static void __exit lab_exit(void)
{
	int i;

	device_remove_file(&pdev->dev, &dev_attr_command);
	i2c_del_adapter(&adapter);
	platform_device_unregister(pdev);
	for (i = 0; i < 128; i++)
		kfree(chips[i]);
}

module_init(lab_init);
module_exit(lab_exit);
MODULE_DESCRIPTION("I2C adapter with simulated chips, for tests");
MODULE_LICENSE("GPL");
