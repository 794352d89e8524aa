// SPDX-License-Identifier: MIT
/*
 * Uses libipctrace as another program would: prints each call as JSON, and on stderr what it made of single fields.
 * Arguments: the trace.
 */
#include <inttypes.h>
#include <ipctrace.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one event's fields are, so that a test can compare them with the JSON: "send 6 hello 3<unix-pair#0.a>". */
static void print_fields(struct ipctrace *trace, const struct ipctrace_event *event)
{
	size_t size, total;
	int64_t fd = -1;
	char text[64] = "";
	const char *object = ipctrace_object(trace, "fd");
	const void *bytes = ipctrace_bytes(trace, "buf", &size, &total);

	if (strcmp(event->call, "send") || !bytes || ipctrace_integer(trace, "fd", &fd))
		return;
	if (ipctrace_text(trace, "flags", text, sizeof(text)) < 0 || ipctrace_integer(trace, "absent", &fd) == 0)
		exit(3);
	fprintf(stderr, "%s %" PRId64 " %zu %.*s %" PRId64 " %s %s %s\n", ipctrace_arg_name(trace, 0), event->result,
		total, (int)size, (const char *)bytes, fd, text, object ? object : "-",
		event->object ? event->object : "-");
}

int main(int argc, char **argv)
{
	struct ipctrace *trace;
	struct ipctrace_event event;
	struct ipctrace_loss loss;
	char trouble[256], *json = malloc(1 << 20);
	uint64_t events = 0;
	int rc;

	if (argc != 2 || !json)
		return 2;
	if (ipctrace_open(argv[1], 0, &trace, trouble, sizeof(trouble))) {
		fprintf(stderr, "%s\n", trouble);
		return 1;
	}
	while ((rc = ipctrace_next(trace, &event)) == 0) {
		if (ipctrace_json(trace, json, 1 << 20) >= 1 << 20)
			return 3;
		puts(json);
		print_fields(trace, &event);
		events++;
	}
	ipctrace_loss(trace, &loss);
	ipctrace_close(trace);
	free(json);
	return rc == IPCTRACE_E_END && loss.events == events && loss.is_closed ? 0 : 3;
}
