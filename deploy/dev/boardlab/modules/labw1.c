// SPDX-License-Identifier: GPL-2.0-only
/*
 * labw1: a 1-Wire bus master with simulated DS18B20 thermometers, for tests.
 *
 * The kernel's 1-Wire core calls touch_bit and reset_bus; each slave follows the
 * bits as the part does (DS18B20 datasheet 19-7487 rev 6, "1-Wire bus system",
 * "Function commands"), and the bus is the AND of all of them, as a wire with an
 * open drain is.
 *
 * Commands, one a line, to /sys/devices/platform/labw1/command:
 *
 *	add SERIAL		put a DS18B20 on the bus; SERIAL: 12 hex digits, as in
 *				the kernel's name 28-SERIAL
 *	raw SERIAL N		what the next conversions measure, in 1/16 degree
 *	crc SERIAL N		the next N scratchpads are read with a wrong CRC; -1: all
 *	pull SERIAL 0|1		off the bus, and back on it with lost power
 *	brownout SERIAL 0|1	loses its power in each conversion: 85 degrees
 *	short 0|1		the line is shorted to ground
 *
 * Reading the file lists serial and conversions of each thermometer.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/w1.h>

#define FAMILY		0x28
#define SEARCH_ROM	0xF0
#define READ_ROM	0x33
#define MATCH_ROM	0x55
#define SKIP_ROM	0xCC
#define ALARM_SEARCH	0xEC
#define CONVERT		0x44
#define READ_SCRATCH	0xBE
#define WRITE_SCRATCH	0x4E
#define COPY_SCRATCH	0x48
#define RECALL		0xB8
#define READ_POWER	0xB4
#define POWER_ON_RAW	(85 * 16)

enum state { DESELECTED, ROM_COMMAND, SEARCHING, SENDING_ROM, MATCHING, FUNCTION, SENDING, RECEIVING, POWERED, IDLE };

struct slave {
	struct list_head list;
	u8 rom[8];
	u8 scratch[9], eeprom[3], out[9];
	s16 raw;
	bool pulled, brownout;
	int bad_crc;
	unsigned long conversions;

	enum state state;
	unsigned int bit, turn;	/* of the ROM, of the search's triplet */
	u8 shift;		/* a command or byte as its bits come in */
	unsigned int bits, received;
};

static DEFINE_MUTEX(lock);	/* of the list and everything in it */
static LIST_HEAD(slaves);
static bool shorted;
static struct platform_device *pdev;

static u8 crc8(const u8 *p, int n)
{
	u8 crc = 0;
	int i;

	while (n--) {
		crc ^= *p++;
		for (i = 0; i < 8; i++)
			crc = crc & 1 ? crc >> 1 ^ 0x8C : crc >> 1;
	}
	return crc;
}

static void set_raw(struct slave *s, s16 raw)
{
	/* Byte 6 is 0x0C after power-on and after an 85 degree conversion differs from
	 * it: 16 less the low nibble, as parts of this family answer. */
	s->scratch[0] = raw & 0xFF;
	s->scratch[1] = (raw >> 8) & 0xFF;
	s->scratch[6] = raw == POWER_ON_RAW ? 0x0C : 0x10 - (raw & 0x0F);
}

static void power_on(struct slave *s)
{
	s->scratch[2] = s->eeprom[0];
	s->scratch[3] = s->eeprom[1];
	s->scratch[4] = s->eeprom[2];
	s->scratch[5] = 0xFF;
	s->scratch[7] = 0x10;
	set_raw(s, POWER_ON_RAW);
	s->scratch[6] = 0x0C;
	s->state = IDLE;
}

static void convert(struct slave *s)
{
	static const u16 undefined[4] = { 7, 3, 1, 0 };	/* low bits at 9 … 12 bits */

	s->conversions++;
	if (s->brownout)
		power_on(s);
	else
		set_raw(s, s->raw & ~undefined[(s->scratch[4] >> 5) & 3]);
}

static void load(struct slave *s, const u8 *from, int n)
{
	memcpy(s->out, from, n);
	s->state = SENDING;
	s->bit = 0;
}

static void start_reading(struct slave *s)
{
	s->scratch[8] = crc8(s->scratch, 8);
	load(s, s->scratch, 9);
	if (s->bad_crc) {
		if (s->bad_crc > 0)
			s->bad_crc--;
		s->out[8] ^= 0x5A;
	}
}

static void function(struct slave *s, u8 command)
{
	s->state = IDLE;
	switch (command) {
	case CONVERT:
		convert(s);
		break;
	case READ_SCRATCH:
		start_reading(s);
		break;
	case WRITE_SCRATCH:
		s->state = RECEIVING;
		s->received = 0;
		break;
	case COPY_SCRATCH:
		memcpy(s->eeprom, s->scratch + 2, 3);
		break;
	case RECALL:
		memcpy(s->scratch + 2, s->eeprom, 3);
		break;
	case READ_POWER:
		s->state = POWERED;
		break;
	}
}

static void rom_command(struct slave *s, u8 command)
{
	s->bit = s->turn = 0;
	switch (command) {
	case SEARCH_ROM:
		s->state = SEARCHING;
		break;
	case READ_ROM:
		s->state = SENDING_ROM;
		break;
	case MATCH_ROM:
		s->state = MATCHING;
		break;
	case SKIP_ROM:
		s->state = FUNCTION;
		break;
	default:		/* an alarm search, too: nobody has one */
		s->state = DESELECTED;
		break;
	}
}

static void receive(struct slave *s, u8 byte)
{
	switch (s->state) {
	case ROM_COMMAND:
		rom_command(s, byte);
		break;
	case FUNCTION:
		function(s, byte);
		break;
	case RECEIVING:
		s->scratch[2 + s->received] = byte;
		if (s->received == 2)
			s->scratch[4] = (byte & 0x60) | 0x1F;
		if (++s->received == 3)
			s->state = IDLE;
		break;
	default:
		break;
	}
}

/* One slot as the slave sees it: the master's level, and what the slave lets be of it. */
static u8 slot(struct slave *s, u8 bit)
{
	u8 mine = (s->rom[s->bit / 8 % 8] >> (s->bit % 8)) & 1;

	switch (s->state) {
	case ROM_COMMAND:
	case FUNCTION:
	case RECEIVING:
		s->shift = s->shift >> 1 | bit << 7;
		if (++s->bits % 8 == 0)
			receive(s, s->shift);
		return 1;
	case SEARCHING:		/* its bit, the complement, then the master's choice */
		switch (s->turn) {
		case 0:
			s->turn = 1;
			return mine;
		case 1:
			s->turn = 2;
			return !mine;
		}
		s->turn = 0;
		if (bit != mine)
			s->state = DESELECTED;
		else if (++s->bit == 64)
			s->state = FUNCTION;
		return 1;
	case MATCHING:
		if (bit != mine)
			s->state = DESELECTED;
		else if (++s->bit == 64)
			s->state = FUNCTION;
		return 1;
	case SENDING_ROM:
		if (++s->bit == 64)
			s->state = FUNCTION;
		return mine;
	case SENDING:
		mine = (s->out[s->bit / 8] >> (s->bit % 8)) & 1;
		if (++s->bit == 72)
			s->state = IDLE;
		return mine;
	default:		/* idle, deselected; a conversion is over at once, and power is external */
		return 1;
	}
}

static u8 lab_touch(void *data, u8 bit)
{
	struct slave *s;
	u8 level = bit & 1;

	mutex_lock(&lock);
	list_for_each_entry(s, &slaves, list)
		if (!s->pulled)
			level &= slot(s, bit & 1);
	if (shorted)
		level = 0;
	mutex_unlock(&lock);
	return level;
}

static u8 lab_reset(void *data)
{
	struct slave *s;
	u8 nobody = 1;

	mutex_lock(&lock);
	list_for_each_entry(s, &slaves, list) {
		if (s->pulled)
			continue;
		s->state = ROM_COMMAND;
		s->bits = 0;
		nobody = 0;
	}
	if (shorted)
		nobody = 0;	/* a low line looks like a presence pulse */
	mutex_unlock(&lock);
	return nobody;
}

static struct w1_bus_master master = {
	.touch_bit = lab_touch,
	.reset_bus = lab_reset,
};

static struct slave *find(const u8 *serial)
{
	struct slave *s;

	list_for_each_entry(s, &slaves, list)
		if (!memcmp(s->rom + 1, serial, 6))
			return s;
	return NULL;
}

/* The kernel writes a serial number with its most significant byte first. */
static int parse_serial(const char *text, u8 *serial)
{
	int i;

	if (!text || strlen(text) != 12 || hex2bin(serial, text, 6))
		return -EINVAL;
	for (i = 0; i < 3; i++)
		swap(serial[i], serial[5 - i]);
	return 0;
}

static int add_slave(const u8 *serial)
{
	struct slave *s;

	if (find(serial))
		return -EEXIST;
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	s->rom[0] = FAMILY;
	memcpy(s->rom + 1, serial, 6);
	s->rom[7] = crc8(s->rom, 7);
	s->eeprom[0] = 0x4B;
	s->eeprom[1] = 0x46;
	s->eeprom[2] = 0x7F;
	power_on(s);
	list_add_tail(&s->list, &slaves);
	return 0;
}

static int carry_out(char *line)
{
	char *word = strsep(&line, " "), *first;
	struct slave *s;
	u8 serial[6];
	bool yes;
	int n;

	if (!line)
		return -EINVAL;
	if (!strcmp(word, "short"))
		return kstrtobool(line, &shorted);
	first = strsep(&line, " ");
	if (parse_serial(first, serial))
		return -EINVAL;
	if (!strcmp(word, "add"))
		return add_slave(serial);
	s = find(serial);
	if (!s)
		return -ENODEV;
	if (!line || kstrtoint(line, 0, &n))
		return -EINVAL;
	yes = n != 0;
	if (!strcmp(word, "raw")) {
		s->raw = n;
	} else if (!strcmp(word, "crc")) {
		s->bad_crc = n;
	} else if (!strcmp(word, "pull")) {
		if (s->pulled && !yes)
			power_on(s);
		s->pulled = yes;
	} else if (!strcmp(word, "brownout")) {
		s->brownout = yes;
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
	struct slave *s;
	int n = 0;

	mutex_lock(&lock);
	list_for_each_entry(s, &slaves, list)
		n += sysfs_emit_at(buf, n, "%02x%02x%02x%02x%02x%02x %lu\n", s->rom[6], s->rom[5], s->rom[4],
				   s->rom[3], s->rom[2], s->rom[1], s->conversions);
	mutex_unlock(&lock);
	return n;
}
static DEVICE_ATTR_RW(command);

static int __init lab_init(void)
{
	int err;

	pdev = platform_device_register_simple("labw1", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	err = device_create_file(&pdev->dev, &dev_attr_command);
	if (err)
		goto no_file;
	err = w1_add_master_device(&master);
	if (!err)
		return 0;
	device_remove_file(&pdev->dev, &dev_attr_command);
no_file:
	platform_device_unregister(pdev);
	return err;
}

static void __exit lab_exit(void)
{
	struct slave *s, *next;

	w1_remove_master_device(&master);
	device_remove_file(&pdev->dev, &dev_attr_command);
	platform_device_unregister(pdev);
	list_for_each_entry_safe(s, next, &slaves, list)
		kfree(s);
}

module_init(lab_init);
module_exit(lab_exit);
MODULE_DESCRIPTION("1-Wire bus master with simulated thermometers, for tests");
MODULE_LICENSE("GPL");
