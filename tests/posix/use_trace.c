// SPDX-License-Identifier: MIT
/*
 * A program that uses <trace.h>, for scripts: `use_trace write FILE COUNT` records into a log; `use_trace read FILE`
 * prints a line an event: name, pid, tid, time in ns, truncation, data.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trace.h>

static void check(int rc, const char *what)
{
	if (rc)
		errx(1, "%s: %s", what, strerror(rc));
}

static void write_log(const char *path, int count)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	trace_event_id_t begin, end;
	trace_event_set_t set;
	trace_attr_t attr;
	trace_id_t trid;

	check(posix_trace_attr_init(&attr), "attributes");
	check(posix_trace_attr_setname(&attr, "orders"), "name");
	check(posix_trace_attr_setmaxdatasize(&attr, 16), "largest data");
	check(posix_trace_attr_setlogfullpolicy(&attr, POSIX_TRACE_APPEND), "policy of the log");
	check(posix_trace_attr_setstreamsize(&attr, 8u << 20), "size");
	check(posix_trace_eventid_open("order.begin", &begin), "event");
	check(posix_trace_eventid_open("order.end", &end), "event");
	check(posix_trace_create_withlog(0, &attr, fd, &trid), "create");
	check(posix_trace_start(trid), "start");
	check(posix_trace_eventset_empty(&set), "set");
	check(posix_trace_eventset_add(POSIX_TRACE_OVERFLOW, &set), "set");
	check(posix_trace_set_filter(trid, &set, POSIX_TRACE_ADD_EVENTSET), "filter");
	for (int i = 0; i < count; i++) {
		char data[40];
		int size = snprintf(data, sizeof(data), "number %d", i);
		posix_trace_event(begin, data, (size_t)size);
		posix_trace_event(end, i % 2 ? NULL : "more than sixteen bytes", i % 2 ? 0 : 23);
	}
	check(posix_trace_shutdown(trid), "shutdown");
}

static int read_log(const char *path)
{
	int fd = open(path, O_RDONLY), unavailable, rc;
	struct posix_trace_event_info info;
	static char data[1 << 20];
	trace_id_t trid;
	size_t size;

	rc = posix_trace_open(fd, &trid);
	if (rc) {
		fprintf(stderr, "%s: %s\n", path, strerror(rc));
		return 2;
	}
	for (;;) {
		char name[TRACE_EVENT_NAME_MAX + 1];
		check(posix_trace_getnext_event(trid, &info, data, sizeof(data), &size, &unavailable), "next");
		if (unavailable)
			break;
		check(posix_trace_eventid_get_name(trid, info.posix_event_id, name), "name");
		printf("%s %d %lu %lld %d ", name, info.posix_pid, (unsigned long)info.posix_thread_id,
		       info.posix_timestamp.tv_sec * 1000000000ll + info.posix_timestamp.tv_nsec,
		       info.posix_truncation_status);
		fwrite(data, 1, size, stdout);
		putchar('\n');
	}
	check(posix_trace_close(trid), "close");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "write"))
		write_log(argv[2], atoi(argv[3]));
	else if (argc == 3 && !strcmp(argv[1], "read"))
		return read_log(argv[2]);
	else
		errx(2, "usage: use_trace write FILE COUNT | read FILE");
	return 0;
}
