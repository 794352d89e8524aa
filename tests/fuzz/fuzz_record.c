// SPDX-License-Identifier: MIT
/*
 * Any bytes as what a ring holds: each goes into a batch or an object, or is refused; what was accepted must encode and
 * decode.
 */
#include <stdlib.h>
#include <string.h>

#include "format/batch.h"
#include "format/log.h"
#include "format/log_writer.h"
#include "tests/fuzz/visit.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void record_take(struct batch *batch, msgpack_packer *out, const struct catalogue *catalogue, const void *record,
			size_t size)
{
	struct live_in_flight call = {0};

	if (batch_add(batch, record, size) < 0)
		abort();
	object_pack_process(out, record, size);
	object_pack_thread(out, record, size);
	object_pack_thread_end(out, 1, 2, 3, 4, record, size);
	object_pack_stack(out, 1, record, size);
	object_pack_modules(out, 1, record, size);
	memcpy(&call, record, size < sizeof(call) ? size : sizeof(call));
	object_pack_unfinished(out, catalogue, 1, 2, &call);
}

/* What was written must be readable to the last byte. */
static void writer_check(struct log_writer *writer)
{
	struct log_anchor anchor = {1, 2, 3};
	struct log_trouble trouble;
	struct frame *frame = NULL;
	struct log *log;
	size_t size;

	if (log_writer_flush(writer, &anchor, &anchor))
		abort();
	const void *memory = log_writer_memory(writer, &size);
	if (log_open_memory(memory, size, &log, &trouble) || log_frames(log) != 1 || log_frame_read(log, 0, &frame))
		abort();
	frame_visit(frame);
	frame_free(frame);
	log_close(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	/* packing all calls for each input would leave no time for anything else */
	struct catalogue few = catalogue_builtin;
	struct log_head head = {.catalogue = &few};
	struct log_writer *writer;
	struct batch *batch;

	few.calls_count = 8;
	few.flags_count = few.enums_count = few.structs_count = few.selections_count = 0;
	size = size / 8 * 8;
	/* of exactly this size, so that a sanitizer sees a read behind the end */
	void *record = malloc(size ? size : 1);
	if (!record || batch_new(&batch, &few) || log_writer_open_memory(&writer, &head))
		abort();
	memcpy(record, bytes, size);
	record_take(batch, log_writer_packer(writer), &few, record, size);
	if (batch_encode(batch, 1, 2, 0, 0, log_writer_packer(writer)))
		abort();
	writer_check(writer);
	log_writer_free(writer);
	batch_free(batch);
	free(record);
	return 0;
}
