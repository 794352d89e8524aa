// SPDX-License-Identifier: MIT
/*
 * Measures the log's own speed and size: raw records of three kinds of program are turned into frames in memory and
 * decoded again. Prints nanoseconds of processor time and bytes for each event, the best of several rounds.
 *
 * The programs are models, made from a fixed seed: an event loop that serves clients (redis-like), the same with
 * payloads and offsets that never repeat (near-random), and a thread that does one thing all day (steady). The event
 * loop comes once more in frames of what a ring holds, as the collector makes them.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format/batch.h"
#include "format/log.h"
#include "format/log_writer.h"

/* A tape of so many events is played so often: it stays in the cache, as a ring that is drained all the time does. */
#define EVENTS	65536u
#define REPEATS 16
#define ROUNDS	5

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static uint32_t call_number(const char *name)
{
	for (uint32_t i = 0; i < catalogue_builtin.calls_count; i++)
		if (!strcmp(catalogue_builtin.calls[i].name, name))
			return i;
	fprintf(stderr, "bench: the catalogue lacks %s\n", name);
	exit(1);
}

/* Raw records, one after the other, as in a ring. */
struct tape {
	uint64_t *words;
	size_t used, capacity;
	uint64_t ticks;
};

static struct record_call *tape_call(struct tape *tape, uint32_t call, uint64_t gap, uint64_t duration, int64_t result)
{
	uint32_t argc = catalogue_builtin.calls[call].argc;

	if (tape->capacity - tape->used < 256) {
		tape->capacity = tape->capacity ? 2 * tape->capacity : 1 << 20;
		tape->words = realloc(tape->words, tape->capacity * 8);
		if (!tape->words)
			exit(1);
	}
	struct record_call *record = (struct record_call *)(tape->words + tape->used);
	memset(record, 0, sizeof(*record) + argc * 8ul);
	record->head.type = (RECORD_CALL + call) & 0xfff;
	record->head.words = (uint32_t)(sizeof(*record) / 8 + argc) & 0xfffff;
	record->enter = tape->ticks += gap;
	tape->ticks += duration;
	record->duration = duration & ((1ull << 44) - 1);
	record->result = result;
	record->site = 0x55550000 + call * 64;
	if (result < 0)
		record->error = 11;
	tape->used += record->head.words;
	return record;
}

static void tape_item(struct tape *tape, struct record_call *record, uint8_t arg, uint8_t form, const void *bytes,
		      uint32_t size, uint32_t hash)
{
	struct item item = {.arg = arg, .form = form, .size = size, .total = size, .hash = hash};
	uint64_t *at = tape->words + tape->used;

	at[item_words(size) - 1] = 0;
	memcpy(at, &item, sizeof(item));
	memcpy((char *)at + sizeof(item), bytes, size);
	tape->used += item_words(size);
	record->head.words = (record->head.words + item_words(size)) & 0xfffff;
}

static void tape_server(struct tape *tape, bool random_payload)
{
	static const char request[] = "*3\r\n$3\r\nSET\r\n$16\r\nkey:__rand_int__\r\n$3\r\nxxx\r\n";
	uint32_t call_wait = call_number("epoll_wait"), call_read = call_number("read"),
		 call_write = call_number("write");

	for (uint32_t made = 0; made < EVENTS;) {
		struct {
			uint32_t events, fd, pad;
		} __attribute__((packed)) ready[16];
		uint32_t clients = 1 + (uint32_t)(random_next() % 16);
		uint32_t start = (uint32_t)(random_next() % 50);
		for (uint32_t i = 0; i < clients; i++) {
			ready[i].events = 1;
			ready[i].fd = 8 + (start + i) % 50;
			ready[i].pad = 0;
		}
		struct record_call *wait =
			tape_call(tape, call_wait, 300 + random_next() % 200, 2000 + random_next() % 20000, clients);
		wait->args[0] = 5;
		wait->args[1] = 0x7f0000401000;
		wait->args[2] = 10128;
		wait->args[3] = 100;
		tape_item(tape, wait, 1, ITEM_RAW, ready, 12 * clients, 0);
		made++;
		for (uint32_t i = 0; i < 2 * clients; i++, made++) {
			bool reads = i < clients;
			char payload[sizeof(request)];
			uint32_t size = reads ? sizeof(request) - 1 : 5;
			memcpy(payload, reads ? request : "+OK\r\n", size);
			uint64_t noise = random_next();
			if (random_payload)
				memcpy(payload, &noise, 4);
			struct record_call *call = tape_call(tape, reads ? call_read : call_write, 400 + noise % 300,
							     900 + (noise >> 20) % 500, size);
			call->args[0] = ready[i % clients].fd;
			call->args[1] = 0x7f0000800000 + ready[i % clients].fd * 16448ul;
			call->args[2] = reads ? 16384 : 5;
			tape_item(tape, call, 1, ITEM_PAYLOAD, payload, size, random_payload ? (uint32_t)noise : 77);
		}
	}
}

static void tape_redis(struct tape *tape)
{
	tape_server(tape, false);
}

static void tape_payloads(struct tape *tape)
{
	tape_server(tape, true);
}

static void tape_offsets(struct tape *tape)
{
	uint32_t call = call_number("pread");

	for (uint32_t i = 0; i < EVENTS; i++) {
		uint64_t noise = random_next();
		struct record_call *record = tape_call(tape, call, 300 + noise % 400, 700 + (noise >> 16) % 3000, 8192);
		record->args[0] = 3 + noise % 7;
		record->args[1] = 0x7f0000000000 + (noise >> 30) % 4096 * 8192;
		record->args[2] = 8192;
		record->args[3] = (noise >> 40) * 8192;
	}
}

static void tape_steady(struct tape *tape)
{
	uint32_t call = call_number("recv");

	for (uint32_t i = 0; i < EVENTS; i++) {
		struct record_call *record =
			tape_call(tape, call, 60 + random_next() % 8, 250 + random_next() % 30, -1);
		record->args[0] = (uint64_t)-1;
		record->args[1] = 0x7ffc00000000;
		record->args[2] = 64;
	}
}

static void check(int error, const char *what)
{
	if (error) {
		fprintf(stderr, "bench: %s: %d\n", what, error);
		exit(1);
	}
}

static void batch_flush(struct batch *batch, struct log_writer *writer, uint64_t *first, bool last)
{
	struct log_anchor anchor = {1, 1, 1};
	uint32_t count = batch_count(batch);

	check(batch_encode(batch, 1, 1, *first, 0, log_writer_packer(writer)), "encode");
	*first += count;
	if (last || log_writer_pending(writer) >= LOG_FRAME_TARGET)
		check(log_writer_flush(writer, &anchor, &anchor), "flush");
}

/* Turn a tape into a log in `writer`, with a frame for every `most` events; how many events it holds. */
static uint64_t tape_write(const struct tape *tape, struct batch *batch, struct log_writer *writer, uint32_t most)
{
	uint64_t first = 0;

	for (int repeat = 0; repeat < REPEATS; repeat++) {
		for (size_t at = 0; at < tape->used;) {
			const struct record_call *record = (const struct record_call *)(tape->words + at);
			if (batch_count(batch) == most)
				batch_flush(batch, writer, &first, true);
			int error = batch_add(batch, record, (tape->used - at) * 8);
			if (error == BATCH_E_FULL) {
				batch_flush(batch, writer, &first, false);
				continue;
			}
			check(error, "add");
			at += record->head.words;
		}
	}
	batch_flush(batch, writer, &first, true);
	return first;
}

/* Decode every frame and, when `events` is asked for, fill every event. */
static uint64_t log_sum(const struct log *log, struct frame **frame, bool events)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < log_frames(log); i++) {
		check(log_frame_read(log, i, frame), "read");
		for (uint32_t at = 0; at < (*frame)->batches_count; at++) {
			const struct batch_view *view = &(*frame)->batches[at];
			sum += view->enter[view->count - 1];
			for (uint32_t row = 0; events && row < view->count; row++) {
				struct event event;
				batch_event(view, row, &event);
				sum += event.args[0] + event.items_count;
			}
		}
	}
	return sum;
}

/* What a ring of 512 KiB holds of the event loop, when it is emptied at three quarters. */
#define RING_EVENTS 3600u

static const struct model {
	const char *name;
	void (*make)(struct tape *tape);
	uint32_t frame_events; /* UINT32_MAX: as many as there is room for */
} models[] = {
	{"redis-like", tape_redis, UINT32_MAX},	 {"ring", tape_redis, RING_EVENTS},
	{"payloads", tape_payloads, UINT32_MAX}, {"offsets", tape_offsets, UINT32_MAX},
	{"steady", tape_steady, UINT32_MAX},
};

static void measure(const struct model *model)
{
	struct log_head head = {.catalogue = &catalogue_builtin};
	struct tape tape = {.ticks = 1ull << 50};
	double write = 1e18, decode = 1e18, visit = 1e18;
	uint64_t count = 0, sum = 0;
	size_t size = 0;

	model->make(&tape);
	for (int round = 0; round < ROUNDS; round++) {
		struct log_writer *writer;
		struct batch *batch;
		struct log *log;
		struct log_trouble trouble;
		struct frame *frame = NULL;
		check(batch_new(&batch, &catalogue_builtin), "batch");
		check(log_writer_open_memory(&writer, &head), "writer");
		double start = now();
		count = tape_write(&tape, batch, writer, model->frame_events);
		double end = now();
		write = end - start < write ? end - start : write;
		const void *bytes = log_writer_memory(writer, &size);
		check(log_open_memory(bytes, size, &log, &trouble), "open");
		sum += log_sum(log, &frame, false);
		start = now();
		sum += log_sum(log, &frame, false);
		end = now();
		decode = end - start < decode ? end - start : decode;
		start = now();
		sum += log_sum(log, &frame, true);
		end = now();
		visit = end - start < visit ? end - start : visit;
		frame_free(frame);
		log_close(log);
		log_writer_free(writer);
		batch_free(batch);
	}
	double events = (double)count;
	printf("%-12s %9.0f events  %6.1f ns write  %6.1f ns decode  %6.1f ns visit  %6.2f bytes  (%llx)\n",
	       model->name, events, write / events, decode / events, visit / events, (double)size / events,
	       (unsigned long long)sum);
	free(tape.words);
}

/* All models, or those named. */
int main(int argc, char **argv)
{
	for (unsigned i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		bool wanted = argc < 2;
		for (int arg = 1; arg < argc; arg++)
			wanted |= !strcmp(argv[arg], models[i].name);
		if (wanted)
			measure(&models[i]);
	}
	return 0;
}
