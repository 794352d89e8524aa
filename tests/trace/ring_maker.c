// SPDX-License-Identifier: MIT
/*
 * See ring_maker.h.
 */
#include "tests/trace/ring_maker.h"

#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include "format/log.h"

void ring_maker_init(struct ring_maker *maker)
{
	maker->slot = aligned_alloc(LIVE_PAGE, live_slot_size(MAKER_RING));
	memset(maker->slot, 0, live_slot_size(MAKER_RING));
	maker->bytes = (uint8_t *)maker->slot + LIVE_PAGE;
	maker->ring = (struct live_ring){maker->slot, maker->bytes, MAKER_RING};
	maker->slot->owner = live_owner(7, 8);
	maker->slot->pid = 7;
	maker->slot->tid = 8;
}

void ring_maker_free(struct ring_maker *maker)
{
	free(maker->slot);
}

static void head_store(struct ring_maker *maker, uint64_t position, uint32_t words, uint32_t type)
{
	struct record_head head = {record_stamp(position), words, type};

	memcpy(maker->bytes + (position & (MAKER_RING - 1)), &head, sizeof(head));
}

uint8_t *ring_maker_reserve(struct ring_maker *maker, uint32_t words, uint64_t *position)
{
	uint64_t offset = maker->slot->reserved & (MAKER_RING - 1);

	if (offset + words * 8 > MAKER_RING) {
		head_store(maker, maker->slot->reserved, (MAKER_RING - offset) / 8, RECORD_PAD);
		maker->slot->reserved += MAKER_RING - offset;
	}
	*position = maker->slot->reserved;
	maker->slot->reserved += words * 8;
	maker->slot->made++;
	return maker->bytes + (*position & (MAKER_RING - 1));
}

void ring_maker_finish(struct ring_maker *maker, uint64_t position, uint32_t words, uint32_t type, bool is_published)
{
	head_store(maker, position, words, type);
	if (is_published)
		maker->slot->head = maker->slot->reserved;
}

void ring_maker_thread(struct ring_maker *maker, uint32_t pid, uint32_t tid)
{
	const uint32_t words = sizeof(struct record_thread) / 8;
	uint64_t position;
	struct record_thread *thread = (void *)ring_maker_reserve(maker, words, &position);

	*thread = (struct record_thread){.ticks = 1, .pid = pid, .tid = tid};
	ring_maker_finish(maker, position, words, RECORD_THREAD_BEGIN, true);
}

void ring_maker_thread_end(struct ring_maker *maker)
{
	const uint32_t words = sizeof(struct record_mark) / 8;
	uint64_t position;
	struct record_mark *mark = (void *)ring_maker_reserve(maker, words, &position);

	mark->ticks = 2;
	ring_maker_finish(maker, position, words, RECORD_THREAD_END, true);
}

unsigned ring_maker_call_index(void)
{
	for (unsigned i = 0; i < catalogue_builtin.calls_count; i++)
		if (!strcmp(catalogue_builtin.calls[i].name, "shutdown"))
			return i;
	cr_assert(false, "the catalogue has no shutdown");
	return 0;
}

static const uint32_t call_words = sizeof(struct record_call) / 8 + 2;

void ring_maker_call(struct ring_maker *maker, int fd, uint64_t ticks)
{
	uint64_t position;
	struct record_call *call = (void *)ring_maker_reserve(maker, call_words, &position);

	*call = (struct record_call){.enter = ticks - 1, .duration = 1};
	call->args[0] = (uint64_t)fd;
	call->args[1] = 0;
	ring_maker_finish(maker, position, call_words, RECORD_CALL + ring_maker_call_index(), true);
}

void ring_maker_torn_call(struct ring_maker *maker)
{
	uint64_t position;

	memset(ring_maker_reserve(maker, call_words, &position), 0, call_words * 8);
}

static void process_seen(void *context, uint32_t pid)
{
	struct taking *taking = context;

	if (taking->seen_count < 16)
		taking->seen[taking->seen_count++] = pid;
}

void taking_init(struct taking *taking)
{
	const struct log_head head = {.tool_version = "test", .catalogue = &catalogue_builtin};
	const struct live_observer observer = {taking, process_seen};

	memset(taking, 0, sizeof(*taking));
	cr_assert_eq(log_writer_open_memory(&taking->writer, &head), 0);
	cr_assert_eq(live_reader_new(&taking->reader, &catalogue_builtin, taking->writer, MAKER_RING, &observer), 0);
}

static void event_keep(struct taking *taking, const struct event *event, bool is_unfinished)
{
	taking->events = realloc(taking->events, (taking->events_count + 1) * sizeof(*taking->events));
	taking->events[taking->events_count++] =
		(struct taken_event){event->pid, event->tid, event->sequence, (int)event->args[0], is_unfinished};
}

static void frame_keep(struct taking *taking, const struct frame *frame)
{
	taking->threads += frame->threads_count;
	taking->thread_ends += frame->thread_ends_count;
	for (uint32_t i = 0; i < frame->batches_count; i++) {
		taking->lost += frame->batches[i].lost;
		for (uint32_t j = 0; j < frame->batches[i].count; j++) {
			struct event event;
			batch_event(&frame->batches[i], j, &event);
			event_keep(taking, &event, false);
		}
	}
	for (uint32_t i = 0; i < frame->unfinished_count; i++)
		event_keep(taking, &frame->unfinished[i].event, true);
}

void taking_read(struct taking *taking)
{
	const struct log_anchor before = {0, 0, 0}, after = {1000000, 1000000, 1000000};
	struct log_trouble trouble;
	struct frame *frame = NULL;
	struct log *log;
	const void *bytes;
	size_t size;

	cr_assert_eq(log_writer_flush(taking->writer, &before, &after), 0);
	bytes = log_writer_memory(taking->writer, &size);
	cr_assert_eq(log_open_memory(bytes, size, &log, &trouble), 0, "%s", trouble.text);
	for (size_t i = 0; i < log_frames(log); i++) {
		cr_assert_eq(log_frame_read(log, i, &frame), 0, "%s", frame ? frame->damage : "");
		frame_keep(taking, frame);
	}
	frame_free(frame);
	log_close(log);
}

void taking_free(struct taking *taking)
{
	live_reader_free(taking->reader);
	log_writer_free(taking->writer);
	free(taking->events);
}
