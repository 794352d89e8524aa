// SPDX-License-Identifier: MIT
/*
 * Reads a whole log and lists what is missing: frames that do not decode, numbers of frames that were never seen, and
 * events that are neither there nor counted as lost.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/log_parts.h"

/* One thread's stream and the number that its next event must have. */
struct stream {
	uint32_t pid, tid;
	uint64_t next;
	bool in_use, is_known; /* `next` is known: everything before was seen */
};

/* Streams by pid and tid, open addressing. */
struct checker {
	struct log *log;
	struct stream *streams;
	uint32_t count, mask;
	uint64_t next_frame;
};

static struct stream *stream_slot(const struct checker *checker, uint32_t pid, uint32_t tid)
{
	uint64_t hash = ((uint64_t)pid << 32 | tid) * 0x9e3779b97f4a7c15ull;
	uint32_t slot = (uint32_t)(hash >> 32) & checker->mask;

	while (checker->streams[slot].in_use &&
	       (checker->streams[slot].pid != pid || checker->streams[slot].tid != tid))
		slot = (slot + 1) & checker->mask;
	return &checker->streams[slot];
}

static int checker_grow(struct checker *checker)
{
	uint32_t slots = checker->streams ? 2 * (checker->mask + 1) : 256;
	struct checker grown = *checker;

	grown.streams = calloc(slots, sizeof(*grown.streams));
	if (!grown.streams)
		return -ENOMEM;
	grown.mask = slots - 1;
	for (uint32_t i = 0; checker->streams && i <= checker->mask; i++) {
		const struct stream *stream = &checker->streams[i];
		if (stream->in_use)
			*stream_slot(&grown, stream->pid, stream->tid) = *stream;
	}
	free(checker->streams);
	*checker = grown;
	return 0;
}

static struct stream *stream_find(struct checker *checker, uint32_t pid, uint32_t tid)
{
	if ((!checker->streams || 2 * checker->count >= checker->mask) && checker_grow(checker))
		return NULL;
	struct stream *stream = stream_slot(checker, pid, tid);
	if (!stream->in_use) {
		*stream = (struct stream){.pid = pid, .tid = tid, .in_use = true};
		checker->count++;
	}
	return stream;
}

/* The stream goes on at number `first`, after `lost` that are accounted for. */
static int stream_continue(struct checker *checker, struct stream *stream, const struct frame *frame, uint64_t first,
			   uint64_t lost)
{
	uint64_t expected = stream->next + lost;

	if (!stream->is_known || first == expected)
		return 0;
	if (first < expected)
		return log_damage_add(checker->log, LOG_DAMAGE_SEQUENCE, frame->offset, 0, 0,
				      "thread %u of process %u goes back from event %llu to %llu", stream->tid,
				      stream->pid, (unsigned long long)expected, (unsigned long long)first);
	return log_damage_add(checker->log, LOG_DAMAGE_SEQUENCE, frame->offset, 0, first - expected,
			      "%llu events of thread %u of process %u are missing",
			      (unsigned long long)(first - expected), stream->tid, stream->pid);
}

static int threads_check(struct checker *checker, const struct frame *frame)
{
	for (uint32_t i = 0; i < frame->threads_count; i++) {
		struct stream *stream = stream_find(checker, frame->threads[i].pid, frame->threads[i].tid);
		if (!stream)
			return -ENOMEM;
		stream->next = 0;
		stream->is_known = true;
	}
	return 0;
}

static int batches_check(struct checker *checker, const struct frame *frame)
{
	for (uint32_t i = 0; i < frame->batches_count; i++) {
		const struct batch_view *batch = &frame->batches[i];
		struct stream *stream = stream_find(checker, batch->pid, batch->tid);
		int error = stream ? stream_continue(checker, stream, frame, batch->first, batch->lost) : -ENOMEM;
		if (error)
			return error;
		stream->next = batch->first + batch->count;
		stream->is_known = true;
	}
	return 0;
}

static int numbers_check(struct checker *checker, const struct frame *frame)
{
	uint64_t expected = checker->next_frame, number = frame->number;

	checker->next_frame = number + 1;
	if (number == expected)
		return 0;
	if (number < expected)
		return log_damage_add(checker->log, LOG_DAMAGE_FRAMES, frame->offset, 0, 0,
				      "frame %llu stands where frame %llu belongs", (unsigned long long)number,
				      (unsigned long long)expected);
	return log_damage_add(checker->log, LOG_DAMAGE_FRAMES, frame->offset, 0, number - expected,
			      "%llu frames are missing", (unsigned long long)(number - expected));
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
	log->damage_count = log->places_count = 0;
	log->indexed = 0;
	int error = log->catalogue_own ? 0 : log_head_lost(log);
	if (!error)
		error = log_index(log);
	for (size_t i = 0; i < log->places_count && error >= 0; i++) {
		error = log_frame_read(log, i, &frame);
		if (error == LOG_E_DAMAGED)
			error = log_damage_add(log, LOG_DAMAGE_CORRUPT, log->places[i].offset, log->places[i].size, 0,
					       "the frame cannot be read: %s", frame->damage);
		else if (!error)
			error = frame_check(&checker, frame);
	}
	frame_free(frame);
	free(checker.streams);
	if (error < 0)
		return error;
	qsort(log->damage, log->damage_count, sizeof(*log->damage), damage_compare);
	return 0;
}
