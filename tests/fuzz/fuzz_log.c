// SPDX-License-Identifier: MIT
/*
 * Any bytes as a log: opening, reading every event of every frame, checking.
 */
#include <stdlib.h>

#include "format/log.h"
#include "tests/fuzz/visit.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct log_trouble trouble;
	struct frame *frame = NULL;
	struct log *log;

	if (log_open_memory(bytes, size, &log, &trouble))
		return 0;
	for (size_t i = 0; i < log_frames(log); i++)
		if (!log_frame_read(log, i, &frame))
			frame_visit(frame);
	frame_free(frame);
	if (log_check(log) < 0)
		abort();
	log_close(log);
	return 0;
}
