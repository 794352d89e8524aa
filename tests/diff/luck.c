// SPDX-License-Identifier: MIT
/*
 * A small program in which an argument decides what the scheduler decides elsewhere: `luck TOPIC EVENT`. Of each topic
 * the events `early` and `late` are two runs of one program, and `less` and `wrong` are other programs.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "luck.h"

static const char *event = "";
/* How far the other process has come, in memory, where nobody sees it. */
static volatile int *progress;
static int pair[2];

static bool is(const char *name)
{
	return !strcmp(event, name);
}

static void say(const char *text)
{
	if (send(pair[0], text, strlen(text), 0) < 0)
		err(1, "send");
}

static void wait_until(int step)
{
	while (*progress < step)
		usleep(1000);
}

/* ---- a process that is told to end --------------------------------------------------------------------------- */

static void end_told(int signal)
{
	(void)signal;
	if (!is("less"))
		say("bye");
	_exit(0);
}

/* Early: the signal comes before the third message was said; wrong: it comes late, but the message is not said. */
static void be_told(void)
{
	if (signal(SIGTERM, end_told) == SIG_ERR)
		err(1, "signal");
	say("one");
	say("two");
	if (is("early")) {
		*progress = 1;
		pause();
	}
	if (!is("wrong")) {
		say("three");
		say("four");
	}
	*progress = 1;
	poll(NULL, 0, -1);
}

static void tell(pid_t child)
{
	wait_until(1);
	usleep(20000);
	if (kill(child, SIGTERM))
		err(1, "kill");
}

/* ---- a group that is not there yet ----------------------------------------------------------------------------- */

static void make_group(void)
{
	if (is("late"))
		setsid();
	*progress = 1;
	wait_until(2);
}

/* Wrong: it fails for another reason than that nobody is there. */
static void tell_group(pid_t child)
{
	wait_until(1);
	if (kill(-child, is("wrong") ? 1000 : SIGURG) && errno != ESRCH && errno != EINVAL)
		err(1, "kill");
	*progress = 2;
}

/* ---- a process that wakes itself --------------------------------------------------------------------------------- */

static volatile sig_atomic_t is_waiting, is_awake;

static void wake(int signal)
{
	(void)signal;
	if (is_waiting)
		kill(getpid(), SIGURG);
	is_awake = 1;
}

static void do_nothing(int signal)
{
	(void)signal;
}

/* Early: the signal is there before it waits; wrong: it signals itself when nobody has asked it to. */
static void be_woken(void)
{
	struct sigaction action = {.sa_handler = wake};
	sigset_t blocked, before;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &blocked, &before) || sigaction(SIGUSR1, &action, NULL) ||
	    signal(SIGURG, do_nothing) == SIG_ERR)
		err(1, "sigaction");
	*progress = 1;
	if (is("early")) {
		wait_until(2);
		sigprocmask(SIG_SETMASK, &before, NULL);
	} else {
		is_waiting = 1;
		ppoll(NULL, 0, NULL, &before);
		is_waiting = 0;
	}
	say("awake");
	if (is("wrong"))
		kill(getpid(), SIGURG);
	say("and gone");
}

static void wake_other(pid_t child)
{
	wait_until(1);
	if (kill(child, SIGUSR1))
		err(1, "kill");
	*progress = 2;
}

/* ---- a process that is woken by two others ---------------------------------------------------------------------- */

static int second[2];

/* Late: only when the other one has been heard. */
static void say_first(void)
{
	wait_until(is("late") ? 2 : 0);
	say("from the first");
	__atomic_add_fetch(progress, 1, __ATOMIC_RELAXED);
}

static void say_second(void)
{
	if (send(second[0], "from the second", 15, 0) < 0)
		err(1, "send");
	__atomic_add_fetch(progress, 1, __ATOMIC_RELAXED);
	_exit(0);
}

static void hear(int fd)
{
	char text[20];

	if (recv(fd, text, sizeof(text), 0) < 0)
		err(1, "recv");
}

/* Early: both are there when it waits, and it takes the first one first; wrong: then, too, the second one first. */
static void hear_both(pid_t child)
{
	struct pollfd fds[] = {{.fd = pair[1], .events = POLLIN}, {.fd = second[1], .events = POLLIN}};
	pid_t other = fork();

	(void)child;
	if (!other)
		say_second();
	wait_until(is("late") ? 1 : 2);
	for (int heard = 0; heard < 2;) {
		poll(fds, 2, -1);
		for (int i = 0; i < 2; i++) {
			struct pollfd *fd = &fds[is("wrong") ? 1 - i : i];
			if (!(fd->revents & POLLIN))
				continue;
			hear(fd->fd);
			heard++;
			*progress = 2;
		}
	}
	waitpid(other, NULL, 0);
}

/* ---- timers ------------------------------------------------------------------------------------------------------ */

/* Late: the timer goes off more often. Less: a loop that only looks whether there is something is gone through less. */
static int tick(const char *number)
{
	(void)number;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		err(1, "socketpair");
	for (int i = 0; i < (is("late") ? 5 : 3); i++) {
		poll(NULL, 0, 5);
		say("tick");
	}
	for (int i = 0; i < (is("less") ? 3 : 5); i++) {
		poll(NULL, 0, 0);
		say("turn");
	}
	return 0;
}

/* ---- names drawn by lot --------------------------------------------------------------------------------------------
 */

/* Late: the last one looks like a word, as one of twenty does; wrong: likewise, but the others are not drawn. */
static int try_names(const char *number)
{
	static const char *const early[] = {"x1.Ab3dE9", "x2.7Zk2pQ", "x3.Xb4TNm", "x4.kmplwq"};
	static const char *const late[] = {"x1.Q9aZ3b", "x2.mN8vR2", "x3.p0Lk7T", "x4.bzmaet"};
	char path[40];

	(void)number;
	for (int i = 0; i < 4; i++) {
		bool is_late = !is("early") && (i == 3 || !is("wrong"));
		snprintf(path, sizeof(path), "/nowhere/%s", (is_late ? late : early)[i]);
		(void)!open(path, O_RDWR);
	}
	return 0;
}

/* ---- pieces of a file ----------------------------------------------------------------------------------------------
 */

/* Early and late: one of them is drawn anew in each run; wrong: they are written in the other order. */
static int write_pieces(const char *number)
{
	uint8_t fixed[50], drawn[24];
	int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	(void)number;
	if (file < 0)
		err(1, "open");
	memset(fixed, 'f', sizeof(fixed));
	for (size_t i = 0; i < sizeof(drawn); i++)
		drawn[i] = (uint8_t)((i * 37 + 11) * (size_t)(event[0] + 5) | 0x80);
	for (int i = 0; i < 2; i++) {
		bool is_drawn = i == is("wrong");
		(void)!pwrite(file, is_drawn ? drawn : fixed, is_drawn ? sizeof(drawn) : sizeof(fixed),
			      is_drawn ? 0 : 100);
	}
	close(file);
	return 0;
}

/* ---- a message that is shorter ------------------------------------------------------------------------------------
 */

static int hear_message(const char *number)
{
	(void)number;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		err(1, "socketpair");
	say(is("less") ? "a mess" : "a message");
	hear(pair[1]);
	return 0;
}

/* ---- a number that is a pid in one run, and anything in the other one -------------------------------------------- */

static int say_number(const char *number)
{
	char text[40];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		err(1, "socketpair");
	snprintf(text, sizeof(text), "number %d of many", is("own") ? getpid() : atoi(number));
	say(text);
	return 0;
}

/* ---- what they have in common -------------------------------------------------------------------------------------
 */

static const struct topic {
	const char *name;
	void (*child)(void);
	void (*parent)(pid_t child);
	int (*alone)(const char *event);
} topics[] = {
	{"told", be_told, tell, NULL},
	{"group", make_group, tell_group, NULL},
	{"awake", be_woken, wake_other, NULL},
	{"ready", say_first, hear_both, NULL},
	{"locks", NULL, NULL, luck_locks},
	{"number", NULL, NULL, say_number},
	{"timer", NULL, NULL, tick},
	{"work", NULL, NULL, luck_work},
	{"memory", NULL, NULL, luck_memory},
	{"message", NULL, NULL, hear_message},
	{"trim", NULL, NULL, luck_trim},
	{"names", NULL, NULL, try_names},
	{"pieces", NULL, NULL, write_pieces},
	{"own", NULL, NULL, luck_own},
	{"pool", NULL, NULL, luck_pool},
	{"children", NULL, NULL, luck_children},
	{"overtaken", NULL, NULL, luck_overtaken},
	{"stock", NULL, NULL, luck_stock},
	{"answers", NULL, NULL, luck_answers},
	{"shared", NULL, NULL, luck_shared},
	{"ports", NULL, NULL, luck_ports},
	{"visits", NULL, NULL, luck_visits},
	{"bell", NULL, NULL, luck_bell},
	{"left", NULL, NULL, luck_left},
	{"farewells", NULL, NULL, luck_farewells},
	{"asked", NULL, NULL, luck_asked},
	{"served", NULL, NULL, luck_served},
};

static int play(const struct topic *topic)
{
	pid_t child;

	if (topic->alone)
		return topic->alone(event);
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) ||
	    socketpair(AF_UNIX, SOCK_DGRAM, 0, second))
		err(1, "cannot begin");
	child = fork();
	if (!child) {
		topic->child();
		_exit(0);
	}
	topic->parent(child);
	waitpid(child, NULL, 0);
	return 0;
}

int main(int argc, char **argv)
{
	event = argc > 2 ? argv[2] : "";
	for (size_t i = 0; argc > 2 && i < sizeof(topics) / sizeof(topics[0]); i++)
		if (!strcmp(topics[i].name, argv[1]))
			return play(&topics[i]);
	errx(2, "usage: luck TOPIC EVENT");
}
