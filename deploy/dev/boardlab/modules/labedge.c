// SPDX-License-Identifier: GPL-2.0-only
/*
 * labedge: a GPIO chip with one input line that a thread of the kernel moves, for tests
 * of counters.
 *
 * A program that moves a line of gpio-sim makes two system calls for each edge, and an
 * emulated processor has no time for a thousand of them a second beside the gateway
 * that is tested. Here an edge costs a wake-up of a kernel thread; from there on it is
 * the kernel's: interrupt, its thread, character device.
 *
 * To /sys/devices/platform/labedge/command one writes EDGES PERIOD, the period in
 * microseconds: so many edges, alternately up and down, the first one after a period.
 * An edge that comes late (an emulated board stands still now and then) does not shift
 * those behind it: they follow faster, but never closer than a quarter of the period,
 * until they are where they belong. Reading the file gives edges made, microseconds by
 * which the last edge came late, the same for the latest of all, and edges left.
 */
#include <linux/gpio/driver.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_sim.h>
#include <linux/irqdomain.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/sched.h>
#include <linux/wait.h>

static struct platform_device *pdev;
static struct irq_domain *domain;
static struct task_struct *hand;
static DECLARE_WAIT_QUEUE_HEAD(rest);
static DEFINE_MUTEX(lock);
static u64 period;		/* ns */
static unsigned long made, left;
static s64 late_us, worst_us;
static bool level;

static void turn(void)
{
	int irq = irq_find_mapping(domain, 0);

	WRITE_ONCE(level, !level);
	if (irq && irq_get_trigger_type(irq) & (level ? IRQ_TYPE_EDGE_RISING : IRQ_TYPE_EDGE_FALLING))
		irq_set_irqchip_state(irq, IRQCHIP_STATE_PENDING, true);
}

/*
 * The line is moved by a thread that has a lower priority than those of interrupts, and
 * not by the timer's own interrupt: a machine that emulates the board may stand still
 * between the interrupt and its thread, and the next edge would run into the last one.
 */
static int move(void *unused)
{
	sched_set_fifo_low(current);
	while (!kthread_should_stop()) {
		ktime_t due, soonest;

		wait_event_interruptible(rest, READ_ONCE(left) || kthread_should_stop());
		due = ktime_get();
		soonest = due;
		while (READ_ONCE(left) && !kthread_should_stop()) {
			ktime_t at, now;

			due = ktime_add_ns(due, period);
			at = ktime_after(soonest, due) ? soonest : due;
			set_current_state(TASK_INTERRUPTIBLE);
			schedule_hrtimeout(&at, HRTIMER_MODE_ABS);
			mutex_lock(&lock);
			turn();
			now = ktime_get();
			late_us = ktime_us_delta(now, due);
			worst_us = max(worst_us, late_us);
			made++;
			left--;
			mutex_unlock(&lock);
			soonest = ktime_add_ns(now, period / 4);
		}
	}
	return 0;
}

static int lab_get(struct gpio_chip *gc, unsigned int offset)
{
	return READ_ONCE(level);
}

static int lab_direction_input(struct gpio_chip *gc, unsigned int offset)
{
	return 0;
}

static int lab_get_direction(struct gpio_chip *gc, unsigned int offset)
{
	return GPIO_LINE_DIRECTION_IN;
}

static int lab_to_irq(struct gpio_chip *gc, unsigned int offset)
{
	return irq_create_mapping(domain, offset);
}

static const char *const names[] = { "WHEEL" };

static struct gpio_chip lab_chip = {
	.label = "lab-edge",
	.owner = THIS_MODULE,
	.base = -1,
	.ngpio = 1,
	.names = names,
	.get = lab_get,
	.direction_input = lab_direction_input,
	.get_direction = lab_get_direction,
	.to_irq = lab_to_irq,
};

static ssize_t command_store(struct device *dev, struct device_attribute *attr, const char *buf, size_t count)
{
	unsigned long edges;
	unsigned int us;

	if (sscanf(buf, "%lu %u", &edges, &us) != 2 || !edges || !us)
		return -EINVAL;
	mutex_lock(&lock);
	made = 0;
	late_us = 0;
	worst_us = 0;
	left = edges;
	period = (u64)us * NSEC_PER_USEC;
	mutex_unlock(&lock);
	wake_up(&rest);
	return count;
}

static ssize_t command_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%lu %lld %lld %lu\n", READ_ONCE(made), READ_ONCE(late_us), READ_ONCE(worst_us),
			  READ_ONCE(left));
}
static DEVICE_ATTR_RW(command);

static int __init lab_init(void)
{
	int err;

	pdev = platform_device_register_simple("labedge", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	domain = irq_domain_create_sim(NULL, 1);
	if (IS_ERR(domain)) {
		err = PTR_ERR(domain);
		goto no_domain;
	}
	lab_chip.parent = &pdev->dev;
	err = gpiochip_add_data(&lab_chip, NULL);
	if (err)
		goto no_chip;
	hand = kthread_run(move, NULL, "labedge");
	if (IS_ERR(hand)) {
		err = PTR_ERR(hand);
		goto no_hand;
	}
	err = device_create_file(&pdev->dev, &dev_attr_command);
	if (!err)
		return 0;
	kthread_stop(hand);
no_hand:
	gpiochip_remove(&lab_chip);
no_chip:
	irq_domain_remove_sim(domain);
no_domain:
	platform_device_unregister(pdev);
	return err;
}

static void __exit lab_exit(void)
{
	device_remove_file(&pdev->dev, &dev_attr_command);
	kthread_stop(hand);
	gpiochip_remove(&lab_chip);
	irq_dispose_mapping(irq_find_mapping(domain, 0));
	irq_domain_remove_sim(domain);
	platform_device_unregister(pdev);
}

module_init(lab_init);
module_exit(lab_exit);
MODULE_DESCRIPTION("GPIO line with edges made by the kernel's timer, for tests");
MODULE_LICENSE("GPL");
