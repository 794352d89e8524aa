// SPDX-License-Identifier: MIT
/*
 * Writes what the fuzz targets start from: real encodings, one folder a target below the folder given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "format/catalogue_pack.h"
#include "format/live.h"
#include "format/log_parts.h"
#include "tests/format/sample_log.h"
#include "tests/format/tape.h"

static void seed_write(const char *root, const char *target, size_t number, const void *bytes, size_t size)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", root, target);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/%s/%zu", root, target, number);
	FILE *file = fopen(path, "wb");
	if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) {
		perror(path);
		exit(1);
	}
}

/* A frame for each of the ways in which fuzz_print.c has it read. */
static void print_write(const char *root, size_t number, const struct frame *frame)
{
	enum { WAYS = 8 };
	uint8_t *bytes = malloc(1 + frame->content_size);

	if (!bytes)
		exit(1);
	memcpy(bytes + 1, frame->memory->content, frame->content_size);
	for (uint8_t way = 0; way < WAYS; way++) {
		bytes[0] = way;
		seed_write(root, "print", number * WAYS + way, bytes, 1 + frame->content_size);
	}
	free(bytes);
}

/* `first` is the number of the first seed. */
static void frames_write(const char *root, const void *bytes, size_t size, size_t first)
{
	struct log_trouble trouble;
	struct frame *frame = NULL;
	struct log *log;

	if (log_open_memory(bytes, size, &log, &trouble))
		exit(1);
	for (size_t i = 0; i < log_frames(log); i++) {
		if (log_frame_read(log, i, &frame))
			exit(1);
		seed_write(root, "frame", first + i, frame->memory->content, frame->content_size);
		if (i) /* the first has the catalogue */
			print_write(root, first + i - 1, frame);
	}
	frame_free(frame);
	log_close(log);
}

/* Times coded in bits, which the sample has too few events for. */
static void times_write(const char *root)
{
	struct log_writer *writer;
	size_t size;

	if (log_writer_open_memory(&writer, &sample_head) || sample_write_times(writer))
		exit(1);
	const void *bytes = log_writer_memory(writer, &size);
	seed_write(root, "log", 1, bytes, size);
	frames_write(root, bytes, size, SAMPLE_FRAMES);
	log_writer_free(writer);
}

static void records_write(const char *root)
{
	struct tape tape = {.random = 42};

	for (uint32_t call = 0; call < 8; call++) {
		tape.used = 0;
		tape_random_call(&tape, call);
		seed_write(root, "record", call, tape.words, tape.used * 8);
	}
	tape_free(&tape);
}

/* A slot of some calls, with a call in flight, as the collector finds it: its head, then what is in its ring. */
static size_t slot_make(uint8_t *bytes, uint64_t random)
{
	struct live_slot *slot = calloc(1, LIVE_PAGE);
	const size_t head = offsetof(struct live_slot, stacks_seen);
	struct tape tape = {.random = random};
	uint64_t position = 0;

	if (!slot)
		exit(1);
	for (uint32_t call = 0; call < 8; call++) {
		struct record_head *record;
		tape.used = 0;
		tape_random_call(&tape, call);
		record = (struct record_head *)tape.words;
		record->stamp = record_stamp(position);
		if (position + tape.used * 8 > 2048)
			break;
		memcpy(bytes + head + position, tape.words, tape.used * 8);
		position += tape.used * 8;
		slot->made++;
	}
	slot->reserved = slot->head = position;
	slot->owner = live_owner(7, 7);
	slot->pid = slot->tid = 7;
	slot->in_flight_depth = 1;
	slot->in_flight[0] = (struct live_in_flight){.enter = 5, .type = RECORD_CALL, .argc = 1};
	memcpy(bytes, slot, head);
	free(slot);
	tape_free(&tape);
	return head + position;
}

static void live_write(const char *root)
{
	static uint8_t bytes[1 << 16];
	struct live_control control = {.ring_size = 64u << 10,
				       .slots_count = 2,
				       .slots_used = 2,
				       .slots_ready = 2,
				       .frames_begun = 7,
				       .collector_state = COLLECTOR_RUNNING};
	const size_t head = offsetof(struct live_control, enabled);

	for (uint8_t way = 0; way < 16; way++) {
		bytes[0] = way;
		bytes[1] = 0;
		seed_write(root, "live", way, bytes, 2 + slot_make(bytes + 2, way + 1));
		bytes[0] = way / 2;
		control.full_policy = way % 3;
		memcpy(bytes + 1, &control, head);
		size_t first = slot_make(bytes + 1 + head, way + 100);
		memset(bytes + 1 + head + first, 0, 1 << 13);
		/* pieces of rings have a fixed size, but for the last */
		size_t piece = offsetof(struct live_slot, stacks_seen) + 2048;
		size_t second = slot_make(bytes + 1 + head + piece, way + 200);
		seed_write(root, "salvage", way, bytes, 1 + head + piece + second);
	}
}

static void rules_write(const char *root)
{
	static const char *const rules[] = {
		"payload call=recv object=\"tcp-server* on :80\"   # a nonce\n* call=send field=buf\n",
		"added,removed thread=\"P0.*\" times=3\n\n# nothing\nresult call=recv values=1|2|16 range=-5..70\n",
		"slower call=poll range=1ms..2s old=* new=?[a-z]*\n",
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		seed_write(root, "rule", i, rules[i], strlen(rules[i]));
}

int main(int argc, char **argv)
{
	const void *bytes;
	size_t size;
	struct log_writer *writer = sample_log(&bytes, &size);
	struct pack_buffer packed;

	pack_buffer_init(&packed, LOG_FRAME_MAX);
	if (argc != 2 || !writer || catalogue_pack(&packed.packer, &catalogue_builtin)) {
		fprintf(stderr, "usage: make_seeds FOLDER\n");
		return 1;
	}
	mkdir(argv[1], 0777);
	seed_write(argv[1], "log", 0, bytes, size);
	seed_write(argv[1], "catalogue", 0, packed.bytes, packed.size);
	frames_write(argv[1], bytes, size, 0);
	times_write(argv[1]);
	records_write(argv[1]);
	live_write(argv[1]);
	rules_write(argv[1]);
	pack_buffer_free(&packed);
	log_writer_free(writer);
	return 0;
}
