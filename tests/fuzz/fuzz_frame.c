// SPDX-License-Identifier: MIT
/*
 * Any bytes as a frame's content. LZ4's checksum keeps the mutations of fuzz_log away from the decoder; here they
 * reach it.
 */
#include <stdlib.h>
#include <string.h>

#include "format/log_parts.h"
#include "tests/fuzz/visit.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct frame *frame = NULL;

	if (frame_prepare(&frame))
		abort();
	/* of exactly this size, so that a sanitizer sees a read behind the end */
	frame->memory->content = malloc(size ? size : 1);
	if (!frame->memory->content)
		abort();
	memcpy(frame->memory->content, bytes, size);
	frame->content_size = size;
	if (!frame_decode(frame, &catalogue_builtin))
		frame_visit(frame);
	frame_free(frame);
	return 0;
}
