// SPDX-License-Identifier: MIT
/*
 * Whole logs: everything written is read, and damage of any sort costs no more than what it hit.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/log.h"
#include "format/object.h"
#include "tests/format/sample_log.h"

/* What a reading of a log found. */
struct found {
	int opened;
	uint64_t events, frames, damaged_frames;
	size_t damage;
};

static struct found log_read_all(const void *bytes, size_t size)
{
	struct found found = {0};
	struct log_trouble trouble = {0};
	struct frame *frame = NULL;
	struct log *log;

	found.opened = log_open_memory(bytes, size, &log, &trouble);
	if (found.opened) {
		cr_assert(trouble.text[0], "trouble must be said");
		return found;
	}
	found.frames = log_frames(log);
	for (size_t i = 0; i < found.frames; i++) {
		int error = log_frame_read(log, i, &frame);
		cr_assert(error == 0 || error == LOG_E_DAMAGED);
		found.damaged_frames += error == LOG_E_DAMAGED;
		for (uint32_t b = 0; b < frame->batches_count; b++) {
			for (uint32_t row = 0; row < frame->batches[b].count; row++) {
				struct event event;
				batch_event(&frame->batches[b], row, &event);
				cr_assert_not_null(event.call);
				found.events++;
			}
		}
	}
	frame_free(frame);
	cr_assert_eq(log_check(log), 0);
	log_damage(log, &found.damage);
	log_close(log);
	return found;
}

static void *copy_of(const void *bytes, size_t size)
{
	void *copy = malloc(size + 1);

	cr_assert_not_null(copy);
	return memcpy(copy, bytes, size);
}

Test(log, gives_back_the_head)
{
	size_t size;
	const void *bytes;
	struct log_trouble trouble;
	struct log *log;
	struct log_writer *writer = sample_log(&bytes, &size);

	cr_assert_not_null(writer);
	cr_assert_eq(log_open_memory(bytes, size, &log, &trouble), 0, "%s", trouble.text);
	const struct log_head *head = log_head(log);
	cr_assert_eq(head->format, LOG_FORMAT);
	cr_assert_str_eq(head->tool_version, sample_head.tool_version);
	cr_assert_eq(head->created, sample_head.created);
	cr_assert_eq(head->command_count, 3);
	cr_assert_str_eq(head->command[2], "7777");
	cr_assert_str_eq(head->directory, "/srv");
	cr_assert_str_eq(head->boot_id, "0f0f0f0f");
	cr_assert(head->clock_is_tsc);
	cr_assert_str_eq(head->filter, "%socket");
	cr_assert_null(head->redact);
	cr_assert(head->payload_limit == 64 && head->stack_depth == 4 && head->full_policy == 1);
	cr_assert_eq(log_catalogue(log)->calls_count, catalogue_builtin.calls_count);
	log_close(log);
	log_writer_free(writer);
}

static void beginning_assert(const struct frame *frame)
{
	const struct frame_process *process = &frame->processes[0];

	cr_assert_eq(frame->processes_count, 1);
	cr_assert(process->pid == 100 && process->parent == 99 && process->origin == PROCESS_EXEC);
	cr_assert(process->uid == 1000 && process->ticks == 1000 && process->start_time == 900);
	cr_assert_str_eq(process->exe, "/usr/bin/redis-server");
	cr_assert_str_eq(process->cwd, "/srv");
	cr_assert_eq(process->argc, 3);
	cr_assert_str_eq(process->argv[1], "--port");
	cr_assert_eq(process->modules_count, 1);
	cr_assert_str_eq(process->modules[0].path, "/usr/lib/libc.so.6");
	cr_assert(process->modules[0].build_id_size == 20 && process->modules[0].build_id[3] == 4);
	cr_assert_eq(process->fds_count, 1);
	cr_assert_eq(process->fds[0].fd, 5);
	cr_assert_str_eq(process->fds[0].link, "socket:[123]");
	cr_assert_eq(frame->threads_count, 1);
	cr_assert(frame->threads[0].tid == 101 && frame->threads[0].ordinal == 1 &&
		  frame->threads[0].start == 0x401234);
	cr_assert_eq(frame->stacks_count, 1);
	cr_assert(frame->stacks[0].hash == 0xabcdef0123456789 && frame->stacks[0].depth == 3 &&
		  frame->stacks[0].frames[2] == 0x7f0000026100);
	cr_assert_eq(frame->modules_count, 1);
	cr_assert(frame->modules[0].ticks == 5000 && frame->modules[0].count == 1);
	cr_assert_eq(frame->controls_count, 2);
	cr_assert(frame->controls[0].ticks == 5100 && frame->controls[0].action == CONTROL_STOP &&
		  frame->controls[0].is_suspended);
	cr_assert_str_eq(frame->controls[0].selection, "%socket");
	cr_assert_str_eq(frame->controls[0].text, "");
	cr_assert(frame->controls[1].action == CONTROL_MARK && !frame->controls[1].is_suspended);
	cr_assert_str_eq(frame->controls[1].text, "test \"7\", \xc3\xa9\xff");
}

static void ending_assert(const struct frame *frame)
{
	cr_assert_eq(frame->thread_ends_count, 1);
	cr_assert(frame->thread_ends[0].made == 162 && frame->thread_ends[0].lost == 2);
	cr_assert_eq(frame->unfinished_count, 1);
	const struct event *event = &frame->unfinished[0].event;
	cr_assert(event->tid == 102 && event->outcome == OUTCOME_UNFINISHED && event->enter == 91000);
	cr_assert_str_eq(event->call->name, catalogue_builtin.calls[3].name);
	cr_assert_eq(event->args[0], 7);
	cr_assert_eq(event->items_count, 1);
	cr_assert(event->items[0].form == ITEM_UNREAD && event->items[0].size == 4 && event->items[0].bytes[0] == 1);
	cr_assert_not_null(frame->end);
	cr_assert(frame->end->events == 160 && frame->end->lost_full == 2 && frame->end->bytes == 1234);
	cr_assert_not_null(frame->posix);
	cr_assert_str_eq(frame->posix->name, "orders");
	cr_assert(frame->posix->stream_policy == 3 && frame->posix->log_full == 1 && frame->posix->types_count == 2);
	cr_assert(frame->posix->types[1].id == 17 && !strcmp(frame->posix->types[1].name, "order.end"));
}

Test(log, gives_back_one_of_every_object)
{
	size_t size;
	const void *bytes;
	struct log_trouble trouble;
	struct frame *frame = NULL;
	struct log *log;
	struct log_writer *writer = sample_log(&bytes, &size);

	cr_assert_eq(log_open_memory(bytes, size, &log, &trouble), 0);
	cr_assert_eq(log_frames(log), SAMPLE_FRAMES);
	cr_assert_eq(log_frame_read(log, 1, &frame), 0);
	beginning_assert(frame);
	cr_assert_eq(log_frame_read(log, SAMPLE_FRAMES - 1, &frame), 0);
	cr_assert(frame->number == SAMPLE_FRAMES - 1 && frame->before.ticks == 40000 &&
		  frame->after.monotonic == 25077 && frame->unknown_count == 0);
	ending_assert(frame);
	cr_assert_eq(log_frame_read(log, 0, &frame), 0);
	cr_assert(frame->batches_count == 0 && !frame->end && frame->unknown_count == 0);
	frame_free(frame);
	log_close(log);
	log_writer_free(writer);
}

Test(log, is_whole_when_nothing_happened_to_it)
{
	size_t size;
	const void *bytes;
	struct log_writer *writer = sample_log(&bytes, &size);
	struct found found = log_read_all(bytes, size);

	cr_assert_eq(found.events, (SAMPLE_FRAMES - 1) * SAMPLE_EVENTS);
	cr_assert(found.damage == 0 && found.damaged_frames == 0);
	log_writer_free(writer);
}

Test(log, keeps_whole_frames_wherever_the_file_was_cut, .timeout = 120)
{
	size_t size;
	const void *bytes;
	struct log_writer *writer = sample_log(&bytes, &size);
	uint64_t events = 0;

	/* every byte near the end, and a sample of those before */
	for (size_t cut = 0; cut < size; cut += cut < size - 2500 ? 61 : 1) {
		void *part = copy_of(bytes, cut);
		struct found found = log_read_all(part, cut);
		free(part);
		if (found.opened) {
			cr_assert_eq(found.opened, cut ? LOG_E_FOREIGN : LOG_E_EMPTY);
			cr_assert_eq(events, 0);
			continue;
		}
		cr_assert(found.damage == 1 || found.events % SAMPLE_EVENTS == 0, "cut at %zu", cut);
		cr_assert(found.damage <= 1 && found.events >= events, "cut at %zu", cut);
		events = found.events;
	}
	cr_assert_eq(events, (SAMPLE_FRAMES - 2) * SAMPLE_EVENTS);
	log_writer_free(writer);
}

Test(log, loses_one_frame_to_a_flipped_bit_and_says_so, .timeout = 300)
{
	size_t size;
	const void *bytes;
	struct log_writer *writer = sample_log(&bytes, &size);

	/* a prime step, so that all bits and all parts of frames have their turn */
	for (size_t at = 0; at < size; at += 23) {
		uint8_t *copy = copy_of(bytes, size);
		copy[at] ^= (uint8_t)(1u << at % 8);
		struct found found = log_read_all(copy, size);
		free(copy);
		/* losing the first frame costs the head, for which this build's catalogue stands in */
		cr_assert_eq(found.opened, 0, "byte %zu", at);
		cr_assert_geq(found.events, (SAMPLE_FRAMES - 2) * SAMPLE_EVENTS, "byte %zu", at);
		/* in repetitive data LZ4 may copy the same bytes from elsewhere: that is no damage */
		cr_assert(found.damage || found.events == (SAMPLE_FRAMES - 1) * SAMPLE_EVENTS, "byte %zu", at);
	}
	log_writer_free(writer);
}

Test(log, finds_its_way_back_behind_foreign_bytes)
{
	static const char noise[] = "\x04\x22\x4d\x18 this is not a frame \x04\x22\x4d";
	size_t size;
	const void *bytes;
	struct log_trouble trouble;
	struct log *log;
	struct log_writer *writer = sample_log(&bytes, &size);

	cr_assert_eq(log_open_memory(bytes, size, &log, &trouble), 0);
	struct frame *frame = NULL;
	cr_assert_eq(log_frame_read(log, 2, &frame), 0);
	size_t at = frame->offset;
	frame_free(frame);
	log_close(log);

	uint8_t *mixed = malloc(size + sizeof(noise));
	memcpy(mixed, bytes, at);
	memcpy(mixed + at, noise, sizeof(noise));
	memcpy(mixed + at + sizeof(noise), (const char *)bytes + at, size - at);
	struct found found = log_read_all(mixed, size + sizeof(noise));
	cr_assert(found.opened == 0 && found.damage == 1 && found.damaged_frames == 0);
	cr_assert_eq(found.events, (SAMPLE_FRAMES - 1) * SAMPLE_EVENTS);

	cr_assert_eq(log_open_memory(mixed, size + sizeof(noise), &log, &trouble), 0);
	size_t count;
	const struct log_damage *damage = log_damage(log, &count);
	cr_assert_eq(count, 1);
	cr_assert(damage->offset == at && damage->bytes == sizeof(noise));
	log_close(log);
	free(mixed);
	log_writer_free(writer);
}

Test(log, notices_a_frame_that_was_cut_out)
{
	size_t size, count;
	const void *bytes;
	struct log_trouble trouble;
	struct log *log;
	struct frame *frame = NULL;
	struct log_writer *writer = sample_log(&bytes, &size);

	cr_assert_eq(log_open_memory(bytes, size, &log, &trouble), 0);
	cr_assert_eq(log_frame_read(log, 2, &frame), 0);
	uint8_t *copy = copy_of(bytes, size);
	memmove(copy + frame->offset, copy + frame->offset + frame->size, size - frame->offset - frame->size);
	size -= frame->size;
	log_close(log);
	frame_free(frame);
	cr_assert_eq(log_open_memory(copy, size, &log, &trouble), 0);
	log_damage(log, &count);
	cr_assert_eq(count, 0);
	cr_assert_eq(log_check(log), 0);
	const struct log_damage *damage = log_damage(log, &count);
	cr_assert_eq(count, 2);
	cr_assert(damage[0].kind == LOG_DAMAGE_FRAMES && damage[0].missing == 1);
	cr_assert(damage[1].kind == LOG_DAMAGE_SEQUENCE && damage[1].missing == SAMPLE_EVENTS);
	log_close(log);
	free(copy);
	log_writer_free(writer);
}

Test(log, refuses_what_is_no_log)
{
	static const char text[] = "strace: just some text\n";
	struct log_trouble trouble;
	struct log *log;

	cr_assert_eq(log_open_memory(text, 0, &log, &trouble), LOG_E_EMPTY);
	cr_assert_eq(log_open_memory(text, sizeof(text), &log, &trouble), LOG_E_FOREIGN);
	cr_assert_eq(log_open("/nonexistent/x.ipct", &log, &trouble), -2);
	cr_assert_not_null(strstr(trouble.text, "/nonexistent/x.ipct"));
	cr_assert_eq(log_open("/", &log, &trouble), LOG_E_FOREIGN);
	cr_assert_eq(log_open("/dev/zero", &log, &trouble), LOG_E_FOREIGN);
}

/* A file in a fresh folder, removed at once; only the descriptor stays. */
static int temporary_file(char *path)
{
	strcpy(path, "/tmp/ipctrace-test-XXXXXX");
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	return fd;
}

Test(log, is_what_the_lz4_tool_decompresses)
{
	char path[64], command[200];
	int fd = temporary_file(path);
	struct log_writer *writer;

	cr_assert_eq(log_writer_open(&writer, fd, &sample_head), 0);
	cr_assert_eq(sample_write(writer), 0);
	snprintf(command, sizeof(command), "lz4 -dc %s | grep -q events", path);
	int status = system(command);
	unlink(path);
	cr_assert_eq(status, 0);
	log_writer_free(writer);
	close(fd);
}

Test(log, grows_while_it_is_read)
{
	char path[64];
	int fd = temporary_file(path);
	size_t size, count;
	const void *bytes;
	struct log_trouble trouble;
	struct log *log;
	struct log_writer *writer = sample_log(&bytes, &size);

	cr_assert_eq(write(fd, bytes, size - 10), (ssize_t)size - 10);
	cr_assert_eq(log_open(path, &log, &trouble), 0);
	cr_assert_eq(log_frames(log), SAMPLE_FRAMES - 1);
	log_damage(log, &count);
	cr_assert_eq(count, 1);
	cr_assert_eq(log_refresh(log), LOG_E_SAME);
	cr_assert_eq(write(fd, (const char *)bytes + size - 10, 10), 10);
	cr_assert_eq(log_refresh(log), 0);
	cr_assert_eq(log_frames(log), SAMPLE_FRAMES);
	log_damage(log, &count);
	cr_assert_eq(count, 0);
	log_close(log);
	unlink(path);
	close(fd);
	log_writer_free(writer);
}

Test(log, survives_a_file_that_shrinks_while_it_is_read)
{
	char path[64];
	int fd = temporary_file(path);
	size_t size;
	const void *bytes;
	struct log_trouble trouble;
	struct log *log;
	struct frame *frame = NULL;
	struct log_writer *writer = sample_log(&bytes, &size);

	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	cr_assert_eq(log_open(path, &log, &trouble), 0);
	cr_assert_eq(ftruncate(fd, (off_t)size / 2), 0);
	cr_assert_eq(log_frame_read(log, SAMPLE_FRAMES - 1, &frame), LOG_E_DAMAGED);
	cr_assert(frame->damage[0] && frame->batches_count == 0);
	frame_free(frame);
	log_close(log);
	unlink(path);
	close(fd);
	log_writer_free(writer);
}

Test(log_writer, keeps_what_a_full_disk_refused_and_writes_it_later)
{
	char path[64];
	int fd = temporary_file(path);
	struct log_anchor anchor = {1, 2, 3};
	struct log_writer *writer;
	struct rlimit limit, unlimited;
	struct stat status;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(log_writer_open(&writer, fd, &sample_head), 0);
	cr_assert_eq(log_writer_flush(writer, &anchor, &anchor), 0);
	uint64_t whole = log_writer_size(writer);
	for (int i = 0; i < 3000; i++)
		msgpack_pack_int(log_writer_packer(writer), rand());
	size_t pending = log_writer_pending(writer);

	/* the limit lets a part of the frame through */
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	limit = unlimited;
	limit.rlim_cur = whole + 100;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(log_writer_flush(writer, &anchor, &anchor), -EFBIG);
	cr_assert_eq(log_writer_pending(writer), pending);
	cr_assert_eq(fstat(fd, &status), 0);
	cr_assert_eq((uint64_t)status.st_size, whole);

	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	cr_assert_eq(log_writer_flush(writer, &anchor, &anchor), 0);
	cr_assert_eq(fstat(fd, &status), 0);
	cr_assert_eq((uint64_t)status.st_size, log_writer_size(writer));
	unlink(path);
	close(fd);
	log_writer_free(writer);
}

Test(log_writer, shows_what_was_given_up_as_a_missing_frame)
{
	struct log_anchor anchor = {1, 2, 3};
	struct log_writer *writer;
	struct log_trouble trouble;
	struct log *log;
	size_t size, count;

	cr_assert_eq(log_writer_open_memory(&writer, &sample_head), 0);
	cr_assert_eq(log_writer_flush(writer, &anchor, &anchor), 0);
	struct object_end end = {.events = 5};
	cr_assert_eq(object_pack_end(log_writer_packer(writer), &end), 0);
	log_writer_discard(writer);
	cr_assert_eq(log_writer_flush(writer, &anchor, &anchor), 0);
	cr_assert_eq(object_pack_end(log_writer_packer(writer), &end), 0);
	cr_assert_eq(log_writer_flush(writer, &anchor, &anchor), 0);
	const void *bytes = log_writer_memory(writer, &size);
	cr_assert_eq(log_open_memory(bytes, size, &log, &trouble), 0);
	cr_assert_eq(log_frames(log), 2);
	cr_assert_eq(log_check(log), 0);
	const struct log_damage *damage = log_damage(log, &count);
	cr_assert(count == 1 && damage->kind == LOG_DAMAGE_FRAMES && damage->missing == 1);
	log_close(log);
	log_writer_free(writer);
}

/* A log of no events whose second of three frames was given up: what its account says is lost decides. */
static size_t damage_of_given_up(const struct object_end *end)
{
	struct log_anchor anchor = {1, 2, 3};
	struct log_writer *writer;
	struct log_trouble trouble;
	struct log *log;
	size_t size, count;

	cr_assert_eq(log_writer_open_memory(&writer, &sample_head), 0);
	cr_assert_eq(log_writer_flush(writer, &anchor, &anchor), 0);
	log_writer_discard(writer);
	cr_assert_eq(object_pack_end(log_writer_packer(writer), end), 0);
	cr_assert_eq(log_writer_flush(writer, &anchor, &anchor), 0);
	const void *bytes = log_writer_memory(writer, &size);
	cr_assert_eq(log_open_memory(bytes, size, &log, &trouble), 0);
	cr_assert_eq(log_check(log), 0);
	log_damage(log, &count);
	log_close(log);
	log_writer_free(writer);
	return count;
}

Test(log_writer, a_missing_frame_is_no_damage_when_the_account_counts_it_as_lost)
{
	struct object_end nothing = {.events = 0}, all = {.lost_write = 7}, more = {.events = 1, .lost_write = 7};

	cr_expect_eq(damage_of_given_up(&nothing), 1);
	cr_expect_eq(damage_of_given_up(&all), 0);
	cr_expect_eq(damage_of_given_up(&more), 1);
}

Test(log_writer, refuses_more_than_a_frame_may_hold)
{
	struct log_anchor anchor = {1, 2, 3};
	struct log_writer *writer;
	static char block[1 << 20];

	cr_assert_eq(log_writer_open_memory(&writer, &sample_head), 0);
	msgpack_packer *out = log_writer_packer(writer);
	int refused = 0;
	for (int i = 0; i < 17; i++)
		refused += out->callback(out->data, block, sizeof(block)) != 0;
	cr_assert_geq(refused, 1);
	cr_assert_leq(log_writer_pending(writer), LOG_FRAME_MAX);
	cr_assert_eq(log_writer_flush(writer, &anchor, &anchor), 0);
	cr_assert_eq(log_writer_pending(writer), 0);
	log_writer_free(writer);
}

Test(log_writer, makes_less_of_the_same_when_it_compresses_well)
{
	size_t sizes[2];

	for (int well = 0; well < 2; well++) {
		struct log_writer *writer;

		cr_assert_eq(log_writer_open_memory(&writer, &sample_head), 0);
		log_writer_compress_well(writer, well);
		cr_assert_eq(sample_write(writer), 0);
		const void *bytes = log_writer_memory(writer, &sizes[well]);
		struct found found = log_read_all(bytes, sizes[well]);
		cr_assert(!found.opened && !found.damage && !found.damaged_frames);
		cr_assert_eq(found.frames, SAMPLE_FRAMES);
		cr_assert_eq(found.events, (SAMPLE_FRAMES - 1) * SAMPLE_EVENTS);
		log_writer_free(writer);
	}
	cr_assert_lt(sizes[1], sizes[0]);
}

/* A log in memory of `count` frames without anything, the first of which has the head. */
static struct log_writer *log_of_frames(uint64_t count)
{
	struct log_writer *writer;
	struct object_control mark = {.action = CONTROL_MARK, .selection = "", .text = "x"};

	cr_assert_eq(log_writer_open_memory(&writer, &sample_head), 0);
	for (uint64_t i = 0; i < count; i++) {
		const struct log_anchor before = {2 * i, 2 * i, 2 * i}, after = {2 * i + 1, 2 * i + 1, 2 * i + 1};
		cr_assert_eq(object_pack_control(log_writer_packer(writer), &mark), 0);
		cr_assert_eq(log_writer_flush(writer, &before, &after), 0);
	}
	return writer;
}

Test(log, of_more_frames_than_places_are_kept_for_finds_each)
{
	const uint64_t count = 150000, broken = 70001;
	struct log_writer *writer = log_of_frames(count);
	struct log_trouble trouble;
	struct frame *frame = NULL;
	struct log *log;
	size_t size;
	const void *bytes = log_writer_memory(writer, &size);

	cr_assert_eq(log_open_memory(bytes, size, &log, &trouble), 0, "%s", trouble.text);
	cr_assert_eq(log_frames(log), count);
	cr_assert_eq(log_frame_read(log, broken, &frame), 0);
	uint64_t at = frame->offset;
	for (uint64_t i = 0, drawn = 1; i < 3000; i++, drawn = drawn * 48271 % 2147483647) {
		uint64_t index = i < 1000 ? count - 1 - i : drawn % count;
		cr_assert_eq(log_frame_read(log, index, &frame), 0);
		cr_assert_eq(frame->number, index);
	}
	log_close(log);

	/* one whose head is broken is not there, and those behind it move up */
	char *copy = copy_of(bytes, size);
	copy[at + 6] ^= 1;
	cr_assert_eq(log_open_memory(copy, size, &log, &trouble), 0, "%s", trouble.text);
	cr_assert_eq(log_frames(log), count - 1);
	for (uint64_t i = broken - 200; i < broken + 200; i++) {
		cr_assert_eq(log_frame_read(log, i, &frame), 0);
		cr_assert_eq(frame->number, i + (i >= broken));
	}
	log_close(log);
	free(copy);
	frame_free(frame);
	log_writer_free(writer);
}

Test(log, lists_no_more_damage_than_there_is_room_for)
{
	const uint64_t count = 140000;
	struct log_writer *writer = log_of_frames(count);
	struct log_trouble trouble;
	struct frame *frame = NULL;
	size_t size, found;
	const void *bytes = log_writer_memory(writer, &size);
	char *copy = copy_of(bytes, size);
	struct log *log;

	cr_assert_eq(log_open_memory(bytes, size, &log, &trouble), 0, "%s", trouble.text);
	for (uint64_t i = 1; i < count; i += 2) {
		cr_assert_eq(log_frame_read(log, i, &frame), 0);
		copy[frame->offset + 6] ^= 1;
	}
	log_close(log);
	cr_assert_eq(log_open_memory(copy, size, &log, &trouble), 0, "%s", trouble.text);
	cr_expect_eq(log_frames(log), count / 2);
	const struct log_damage *damage = log_damage(log, &found);
	cr_assert_eq(found, 65536);
	cr_expect_str_eq(damage[found - 1].why, "4465 damaged places from here on are not listed");
	log_close(log);
	free(copy);
	frame_free(frame);
	log_writer_free(writer);
}
