// SPDX-License-Identifier: MIT
/*
 * Reads a whole log and lists what is missing: frames that do not decode, numbers of frames that were never seen, and
 * events that are neither there nor counted as lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/log_parts.h"
#include "format/numbering.h"

struct checker {
	struct log *log;
	struct numbering numbering;
	uint64_t next_frame;
	uint64_t events; /* read so far */
};

static int threads_check(struct checker *checker, const struct frame *frame)
{
	int error = 0;

	for (uint32_t i = 0; i < frame->threads_count && !error; i++)
		error = numbering_begin(&checker->numbering, frame->threads[i].pid, frame->threads[i].tid);
	return error;
}

static int batch_check(struct checker *checker, const struct frame *frame, const struct batch_view *batch)
{
	struct numbering_verdict verdict;
	int error = numbering_continue(&checker->numbering, batch->pid, batch->tid, batch->first, batch->lost,
				       batch->count, &verdict);

	if (!error && verdict.goes_back)
		error = log_damage_add(checker->log, LOG_DAMAGE_SEQUENCE, frame->offset, 0, 0,
				       "thread %u of process %u goes back from event %llu to %llu", batch->tid,
				       batch->pid, (unsigned long long)verdict.expected,
				       (unsigned long long)batch->first);
	if (!error && verdict.missing)
		error = log_damage_add(checker->log, LOG_DAMAGE_SEQUENCE, frame->offset, 0, verdict.missing,
				       "%llu events of thread %u of process %u are missing",
				       (unsigned long long)verdict.missing, batch->tid, batch->pid);
	return error;
}

static int batches_check(struct checker *checker, const struct frame *frame)
{
	int error = 0;

	for (uint32_t i = 0; i < frame->batches_count && !error; i++) {
		checker->events += frame->batches[i].count;
		error = batch_check(checker, frame, &frame->batches[i]);
	}
	return error;
}

/*
 * Once a frame cannot be written nothing is, but for the account at the end: the frames that are missing before it are
 * those it counts as lost, when it knows of no more events than there are.
 */
static bool is_account_of_lost(const struct checker *checker, const struct frame *frame)
{
	return frame->end && frame->end->lost_write && !frame->batches_count && frame->end->events == checker->events;
}

static int numbers_check(struct checker *checker, const struct frame *frame)
{
	uint64_t expected = checker->next_frame, number = frame->number;

	checker->next_frame = number + 1;
	if (number == expected || (number > expected && is_account_of_lost(checker, frame)))
		return 0;
	if (number < expected)
		return log_damage_add(checker->log, LOG_DAMAGE_FRAMES, frame->offset, 0, 0,
				      "frame %llu stands where frame %llu belongs", (unsigned long long)number,
				      (unsigned long long)expected);
	return log_damage_add(checker->log, LOG_DAMAGE_FRAMES, frame->offset, 0, number - expected,
			      number - expected == 1 ? "%llu frame is missing" : "%llu frames are missing",
			      (unsigned long long)(number - expected));
}

static int frame_check(struct checker *checker, const struct frame *frame)
{
	int error = numbers_check(checker, frame);

	if (!error)
		error = threads_check(checker, frame);
	if (!error)
		error = batches_check(checker, frame);
	return error;
}

static int damage_compare(const void *a, const void *b)
{
	const struct log_damage *left = a, *right = b;

	return (left->offset > right->offset) - (left->offset < right->offset);
}

int log_check(struct log *log)
{
	struct checker checker = {.log = log};
	struct frame *frame = NULL;

	/* from the beginning: what an earlier check listed would be listed twice */
	log->damage_count = 0;
	log->indexed = 0;
	log_places_clear(&log->places);
	int error = log->catalogue_own ? 0 : log_head_lost(log);
	if (!error)
		error = log_index(log);
	for (size_t i = 0; i < log->places.count && error >= 0; i++) {
		error = log_frame_read(log, i, &frame);
		if (error == LOG_E_DAMAGED)
			error = log_damage_add(log, LOG_DAMAGE_CORRUPT, frame->offset, frame->size, 0,
					       "the frame cannot be read: %s", frame->damage);
		else if (!error)
			error = frame_check(&checker, frame);
	}
	frame_free(frame);
	numbering_free(&checker.numbering);
	if (error < 0)
		return error;
	if (log->damage_count)
		qsort(log->damage, log->damage_count, sizeof(*log->damage), damage_compare);
	return 0;
}
