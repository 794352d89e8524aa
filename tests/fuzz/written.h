// SPDX-License-Identifier: MIT
/*
 * For targets that write a log of what they are given.
 */
#ifndef IPCTRACE_TESTS_FUZZ_WRITTEN_H
#define IPCTRACE_TESTS_FUZZ_WRITTEN_H

#include "format/log.h"
#include "format/log_writer.h"
#include "tests/fuzz/visit.h"

/* A log's head with the catalogue's first calls: packing all of them for each input would leave no time for anything
 * else. */
static struct log_head few_calls(void)
{
	static struct catalogue few;

	few = catalogue_builtin;
	few.calls_count = 8;
	few.flags_count = few.enums_count = few.structs_count = few.selections_count = 0;
	return (struct log_head){.catalogue = &few};
}

/* What was written must be readable to the last byte. */
static void log_visit(const struct log_writer *writer)
{
	struct log_trouble trouble;
	struct frame *frame = NULL;
	struct log *log;
	size_t size;
	const void *bytes = log_writer_memory(writer, &size);

	if (log_open_memory(bytes, size, &log, &trouble))
		abort();
	for (size_t i = 0; i < log_frames(log); i++) {
		if (log_frame_read(log, i, &frame))
			abort();
		frame_visit(frame);
	}
	frame_free(frame);
	log_close(log);
}

#endif
