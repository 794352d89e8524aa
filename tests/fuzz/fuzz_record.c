// SPDX-License-Identifier: MIT
/*
 * Any bytes as what a ring holds: each goes into a batch or an object, or is refused; what was accepted must encode and
 * decode.
 */
#include <stdlib.h>
#include <string.h>

#include "format/batch.h"
#include "tests/fuzz/written.h"

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
	object_pack_unfinished(out, catalogue, 1, 2, &call, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct log_head few = few_calls();
	const struct log_anchor anchor = {1, 2, 3};
	struct log_writer *writer;
	struct batch *batch;

	size = size / 8 * 8;
	/* of exactly this size, so that a sanitizer sees a read behind the end */
	void *record = malloc(size ? size : 1);
	if (!record || batch_new(&batch, few.catalogue) || log_writer_open_memory(&writer, &few))
		abort();
	memcpy(record, bytes, size);
	record_take(batch, log_writer_packer(writer), few.catalogue, record, size);
	if (batch_encode(batch, 1, 2, 0, 0, log_writer_packer(writer)) || log_writer_flush(writer, &anchor, &anchor))
		abort();
	log_visit(writer);
	log_writer_free(writer);
	batch_free(batch);
	free(record);
	return 0;
}
