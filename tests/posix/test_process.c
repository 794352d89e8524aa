// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/posix/events.h"

static void await(pid_t child, int status_wanted)
{
	int status;

	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, status_wanted);
}

Test(child, controls_no_stream_of_its_parent)
{
	trace_id_t trid = stream_create(NULL);

	cr_assert_eq(posix_trace_start(trid), 0);
	pid_t child = fork();
	if (child == 0) {
		struct posix_trace_status_info status;
		_exit(!(posix_trace_stop(trid) == EINVAL && posix_trace_get_status(trid, &status) == EINVAL &&
			posix_trace_shutdown(trid) == EINVAL));
	}
	await(child, 0);
	cr_assert_eq(status_of(trid).posix_stream_status, POSIX_TRACE_RUNNING);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(child, is_not_traced_unless_it_inherits_that)
{
	trace_event_id_t event = event_open("from the child");
	trace_id_t trid = stream_create(NULL);

	cr_assert_eq(posix_trace_start(trid), 0);
	pid_t child = fork();
	if (child == 0) {
		posix_trace_event(event, NULL, 0);
		_exit(0);
	}
	await(child, 0);
	posix_trace_event(event_open("from the parent"), NULL, 0);
	events_read(trid);
	cr_assert_eq(events_named("from the child"), 0);
	cr_assert_eq(events_named("from the parent"), 1);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(child, that_inherits_is_traced_into_the_same_stream)
{
	trace_attr_t attr = attributes_make(0, 0, 0);
	trace_event_id_t event;

	cr_assert_eq(posix_trace_attr_setinherited(&attr, POSIX_TRACE_INHERITED), 0);
	trace_id_t trid = stream_create(&attr);
	cr_assert_eq(posix_trace_start(trid), 0);
	pid_t child = fork();
	if (child == 0) {
		/* a name that the parent does not know */
		posix_trace_event(event_open("named by the child"), "c", 1);
		if (fork() == 0) {
			posix_trace_event(event_open("grandchild"), "g", 1);
			_exit(0);
		}
		wait(NULL);
		_exit(0);
	}
	await(child, 0);
	posix_trace_event(event_open("parent"), "p", 1);
	events_read(trid);
	cr_assert_eq(event_named("named by the child")->info.posix_pid, child);
	cr_assert_neq(event_named("grandchild")->info.posix_pid, child);
	cr_assert_eq(event_named("parent")->info.posix_pid, getpid());
	event = event_named("named by the child")->info.posix_event_id;
	cr_assert_eq(event_open("named by the child"), event);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(child, that_inherits_stands_in_the_log)
{
	trace_attr_t attr = attributes_make(0, POSIX_TRACE_APPEND, 0);
	int fd;

	cr_assert_eq(posix_trace_attr_setinherited(&attr, POSIX_TRACE_INHERITED), 0);
	trace_id_t trid = stream_create_withlog(&attr, &fd);
	cr_assert_eq(posix_trace_start(trid), 0);
	pid_t child = fork();
	if (child == 0) {
		posix_trace_event(event_open("child"), NULL, 0);
		_exit(0);
	}
	await(child, 0);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	cr_assert_eq(posix_trace_open(fd, &trid), 0);
	events_read(trid);
	cr_assert_eq(event_named("child")->info.posix_pid, child);
	cr_assert_eq(posix_trace_close(trid), 0);
}

Test(child, makes_streams_of_its_own)
{
	trace_id_t parents = stream_create(NULL);
	pid_t child = fork();

	if (child == 0) {
		trace_id_t trid = stream_create(NULL);
		posix_trace_start(trid);
		posix_trace_event(event_open("mine"), NULL, 0);
		events_read(trid);
		_exit(events_named("mine") != 1 || events[1].info.posix_pid != getpid() || posix_trace_shutdown(trid));
	}
	await(child, 0);
	cr_assert_eq(posix_trace_shutdown(parents), 0);
}

Test(child, killed_while_it_records_stops_nobody)
{
	int policies[] = {POSIX_TRACE_LOOP, POSIX_TRACE_UNTIL_FULL};

	for (int p = 0; p < 2; p++) {
		trace_attr_t attr = attributes_make(policies[p], 0, 100000);
		bool has_last = false;
		cr_assert_eq(posix_trace_attr_setinherited(&attr, POSIX_TRACE_INHERITED), 0);
		trace_id_t trid = stream_create(&attr);
		cr_assert_eq(posix_trace_start(trid), 0);
		for (int i = 0; i < 40; i++) {
			pid_t child = fork();
			trace_event_id_t event = event_open("killed");
			while (child == 0)
				posix_trace_event(event, "some data", 9);
			usleep(500 + (useconds_t)i * 13);
			kill(child, SIGKILL);
			await(child, SIGKILL);
			events_read(trid);
		}
		for (int i = 0; i < 500 && !has_last; i++) {
			posix_trace_event(event_open("last"), NULL, 0);
			usleep(10000);
			events_read(trid);
			has_last = events_named("last");
		}
		cr_assert(has_last);
		cr_assert_eq(posix_trace_shutdown(trid), 0);
	}
}

/* ---- how a controller ends ---- */

/* Runs `end` in a child that records with a log, and waits until the log has its end. */
static void end_with(void (*end)(void), int status)
{
	int fd = file_make();
	pid_t child = fork();
	trace_id_t trid;

	if (child == 0) {
		trace_attr_t attr = attributes_make(0, POSIX_TRACE_APPEND, 0);
		if (posix_trace_create_withlog(0, &attr, fd, &trid) || posix_trace_start(trid))
			_exit(77);
		for (int i = 0; i < 1000; i++)
			posix_trace_event(event_open("last"), &i, sizeof(i));
		end();
		_exit(78);
	}
	await(child, status);
	for (int i = 0; i < 1000; i++) {
		cr_assert_eq(posix_trace_open(fd, &trid), 0);
		events_read(trid);
		cr_assert_eq(posix_trace_close(trid), 0);
		if (events_count && events[events_count - 1].info.posix_event_id == POSIX_TRACE_STOP)
			break;
		usleep(10000);
	}
	cr_assert_eq(events_named("last"), 1000);
	cr_assert_eq(events[events_count - 1].info.posix_event_id, POSIX_TRACE_STOP);
}

static void end_by_exit(void)
{
	exit(0);
}

static void end_quickly(void)
{
	_exit(0);
}

static void end_killed(void)
{
	raise(SIGKILL);
}

static void end_by_exec(void)
{
	execl("/bin/sleep", "sleep", "0.3", NULL);
}

Test(controller, that_exits_leaves_a_whole_log)
{
	end_with(end_by_exit, 0);
}

Test(controller, that_exits_without_a_word_leaves_a_whole_log)
{
	end_with(end_quickly, 0);
}

Test(controller, that_is_killed_leaves_a_whole_log)
{
	end_with(end_killed, SIGKILL);
}

Test(controller, that_executes_another_program_leaves_a_whole_log)
{
	end_with(end_by_exec, 0);
}

Test(controller, gets_its_errors_and_is_not_killed_where_files_may_not_grow)
{
	const struct rlimit none = {16384, 16384};
	pid_t child = fork();

	if (child == 0) {
		trace_attr_t attr = attributes_make(POSIX_TRACE_UNTIL_FULL, POSIX_TRACE_APPEND, 4u << 20);
		char noise[256];
		unsigned state = 1;
		int fd;
		setrlimit(RLIMIT_FSIZE, &none);
		trace_id_t trid = stream_create_withlog(&attr, &fd);
		posix_trace_start(trid);
		for (int i = 0; i < 1000; i++) {
			for (size_t k = 0; k < sizeof(noise); k++)
				noise[k] = (char)((state = state * 1103515245 + 12345) >> 16);
			posix_trace_event(event_open("noise"), noise, sizeof(noise));
		}
		posix_trace_flush(trid);
		struct posix_trace_status_info status;
		do {
			usleep(1000);
			posix_trace_get_status(trid, &status);
		} while (!status.posix_stream_flush_error);
		if (status.posix_stream_flush_error != EFBIG || status.posix_log_overrun_status != POSIX_TRACE_OVERRUN)
			_exit(1);
		posix_trace_shutdown(trid);
		_exit(0);
	}
	await(child, 0);
}

Test(controller, keeps_no_pipe_of_its_own_open)
{
	int ends[2], fd;
	char byte;

	cr_assert_eq(pipe(ends), 0);
	trace_id_t trid = stream_create_withlog(NULL, &fd);
	close(ends[1]);
	cr_assert_eq(read(ends[0], &byte, 1), 0, "whoever writes the log has not kept the other end");
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

Test(controller, that_closes_what_is_not_its_own_is_traced_on)
{
	trace_attr_t attr = attributes_make(0, POSIX_TRACE_APPEND, 0);
	int fd, ends[2];
	trace_id_t trid = stream_create_withlog(&attr, &fd);

	cr_assert_eq(posix_trace_start(trid), 0);
	for (int i = fd + 1; i < fd + 20; i++)
		close(i);
	cr_assert_eq(pipe(ends), 0); /* under numbers that were others' */
	usleep(300000);
	posix_trace_event(event_open("daemon"), NULL, 0);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
	cr_assert_eq(fcntl(ends[0], F_GETFD), 0, "what it opened since is still open");
	cr_assert_eq(fcntl(ends[1], F_GETFD), 0);
	cr_assert_eq(posix_trace_open(fd, &trid), 0);
	events_read(trid);
	cr_assert_eq(events_named("daemon"), 1);
	cr_assert_eq(posix_trace_close(trid), 0);
}

Test(controller, has_no_child_that_it_did_not_make)
{
	int fd;
	trace_id_t trid = stream_create_withlog(NULL, &fd);

	cr_assert_eq(waitpid(-1, NULL, WNOHANG), -1);
	cr_assert_eq(errno, ECHILD);
	cr_assert_eq(posix_trace_shutdown(trid), 0);
}

/* The process that has `fd`'s file open for writing, beside this one. */
static pid_t keeper_of(int fd)
{
	struct stat wanted, found;
	pid_t keeper = 0;
	char path[300];
	glob_t paths;

	cr_assert_eq(fstat(fd, &wanted), 0);
	cr_assert_eq(glob("/proc/[0-9]*/fd/*", 0, NULL, &paths), 0);
	for (size_t i = 0; i < paths.gl_pathc; i++) {
		snprintf(path, sizeof(path), "%s", paths.gl_pathv[i]);
		if (!stat(path, &found) && found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev &&
		    atoi(path + 6) != getpid())
			keeper = atoi(path + 6);
	}
	globfree(&paths);
	return keeper;
}

Test(controller, goes_on_when_who_writes_the_log_is_killed)
{
	trace_attr_t attr = attributes_make(0, POSIX_TRACE_APPEND, 20000);
	int fd;
	trace_id_t trid = stream_create_withlog(&attr, &fd);
	pid_t keeper = keeper_of(fd);

	cr_assert_gt(keeper, 0);
	cr_assert_eq(posix_trace_start(trid), 0);
	posix_trace_event(event_open("before"), NULL, 0);
	cr_assert_eq(posix_trace_flush(trid), 0);
	flush_await(trid);
	cr_assert_eq(kill(keeper, SIGKILL), 0);
	for (int i = 0; i < 10000; i++)
		posix_trace_event(event_open("behind"), NULL, 0);
	cr_assert_eq(posix_trace_shutdown(trid), EIO);
	cr_assert_eq(posix_trace_open(fd, &trid), 0);
	events_read(trid);
	cr_assert_eq(events_named("before"), 1, "what was flushed is there");
	cr_assert_eq(posix_trace_close(trid), 0);
}
