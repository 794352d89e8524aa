// SPDX-License-Identifier: MIT
/*
 * Writes a log of many small frames, cheaply: write_frames FILE FRAMES [WORD...]. Each frame covers 1,000 ticks, which
 * are nanoseconds. With no word one thread makes two calls a frame; words add to that, in any order:
 *
 *   many    49 threads more, one call each in every sixteenth frame, some drained up to six frames late
 *   waits   a call in every frame that began 3 to 40 frames before it
 *   late    a call that took all the time there was, in the last frame
 *   crowd   a thread begins, makes a call and ends in each frame
 *   steps   the clock runs slower and faster by turns
 *   open    the log has no end
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/batch.h"
#include "format/log_writer.h"
#include "format/object.h"

#define FRAME_TICKS 1000u
#define PID	    100u
#define THREADS	    50u
/* Threads of their own for what waits, what takes all the time, and what comes and goes. */
#define TID_WAITS 300u
#define TID_LATE  400u
#define TID_CROWD 1000u
#define CROWD	  30000u

struct shape {
	bool many, waits, late, crowd, steps, open;
};

struct maker {
	struct shape shape;
	struct log_writer *writer;
	struct batch *batch;
	uint32_t call, argc;
	uint64_t first[THREADS]; /* how many calls each thread has made */
	uint64_t waits, total;
};

static bool shape_set(struct shape *shape, const char *word)
{
	const struct {
		const char *name;
		bool *is_set;
	} words[] = {{"many", &shape->many},   {"waits", &shape->waits}, {"late", &shape->late},
		     {"crowd", &shape->crowd}, {"steps", &shape->steps}, {"open", &shape->open}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i].name))
			return *words[i].is_set = true;
	return false;
}

static uint32_t call_number(const char *name)
{
	uint32_t i = 0;

	while (i + 1 < catalogue_builtin.calls_count && strcmp(catalogue_builtin.calls[i].name, name))
		i++;
	return i;
}

static int call_add(struct maker *maker, uint64_t enter, uint64_t duration)
{
	struct {
		struct record_call call;
		uint64_t args[CALL_ARGS_MAX];
	} record = {{.enter = enter, .duration = duration & ((1ull << 44) - 1), .result = (int64_t)(enter % 997)}};
	size_t size = sizeof(record.call) + maker->argc * 8;

	record.call.head.words = (uint32_t)(size / 8) & 0xfffff;
	record.call.head.type = (RECORD_CALL + maker->call) & 0xfff;
	record.args[0] = 5;
	record.args[2] = 1000;
	maker->total++;
	return batch_add(maker->batch, &record.call, size);
}

static int batch_end(struct maker *maker, uint32_t tid, uint64_t first)
{
	return batch_encode(maker->batch, PID, tid, first, 0, log_writer_packer(maker->writer));
}

static int thread_calls(struct maker *maker, uint64_t frame, uint32_t thread)
{
	/* the first thread is drained at once, others when they are come to */
	uint64_t late = thread % 7, base = frame > late ? (frame - late) * FRAME_TICKS : frame * FRAME_TICKS;
	uint32_t calls = thread ? 1 : 2;
	int rc = 0;

	for (uint32_t i = 0; !rc && i < calls; i++)
		rc = call_add(maker, base + 100 + 11 * thread + 400 * i, 50 + thread);
	if (!rc)
		rc = batch_end(maker, PID + thread, maker->first[thread]);
	maker->first[thread] += calls;
	return rc;
}

static int waits_write(struct maker *maker, uint64_t frame)
{
	uint64_t back = 3 + frame * 7 % 38, end = (frame + 1) * FRAME_TICKS - 10;
	uint64_t duration = frame > back ? back * FRAME_TICKS + frame % 900 : 10;
	int rc = call_add(maker, end - duration, duration);

	/* each is another thread's, so that nobody waits twice at once */
	return rc ? rc : batch_end(maker, TID_WAITS + (uint32_t)(frame % 41), maker->waits++ / 41);
}

static int crowd_write(struct maker *maker, uint64_t frame)
{
	uint32_t tid = TID_CROWD + (uint32_t)(frame % CROWD);
	uint64_t base = frame * FRAME_TICKS;
	struct record_thread begin = {.head = {.type = RECORD_THREAD_BEGIN, .words = sizeof(begin) / 8},
				      .ticks = base + 1,
				      .pid = PID,
				      .tid = tid,
				      .creator = PID,
				      .ordinal = (uint32_t)frame + 1,
				      .start = 0x401234};
	struct record_mark end = {.head = {.type = RECORD_THREAD_END, .words = sizeof(end) / 8}, .ticks = base + 90};
	int rc = object_pack_thread(log_writer_packer(maker->writer), &begin, sizeof(begin));

	if (!rc)
		rc = call_add(maker, base + 20, 30);
	if (!rc)
		rc = batch_end(maker, tid, 0);
	return rc ? rc : object_pack_thread_end(log_writer_packer(maker->writer), PID, tid, 1, 0, &end, sizeof(end));
}

static int frame_write(struct maker *maker, uint64_t frame, bool is_last)
{
	const struct object_end end = {
		.ticks = (frame + 1) * FRAME_TICKS, .events = maker->total, .processes = 1, .threads = 1};
	uint64_t from = frame * FRAME_TICKS, drift = maker->shape.steps ? frame / 64 % 2 * (frame % 64) : 0;
	const struct log_anchor before = {from + 1, from + 1 + drift, from + 1000001};
	const struct log_anchor after = {from + 999, from + 999 + drift, from + 1000999};
	int rc = thread_calls(maker, frame, 0);

	for (uint32_t thread = 1 + (uint32_t)(frame % 16); !rc && maker->shape.many && thread < THREADS; thread += 16)
		rc = thread_calls(maker, frame, thread);
	if (!rc && maker->shape.waits)
		rc = waits_write(maker, frame);
	if (!rc && maker->shape.crowd)
		rc = crowd_write(maker, frame);
	if (!rc && maker->shape.late && is_last)
		rc = call_add(maker, 150, frame * FRAME_TICKS);
	if (!rc && maker->shape.late && is_last)
		rc = batch_end(maker, TID_LATE, 0);
	if (!rc && is_last && !maker->shape.open)
		rc = object_pack_end(log_writer_packer(maker->writer), &end);
	return rc ? rc : log_writer_flush(maker->writer, &before, &after);
}

int main(int argc, char **argv)
{
	const struct log_head head = {.tool_version = "0", .catalogue = &catalogue_builtin};
	struct maker maker = {.call = call_number("recv")};
	uint64_t frames = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	int rc = 0;

	maker.argc = catalogue_builtin.calls[maker.call].argc;
	for (int i = 3; i < argc; i++)
		rc |= !shape_set(&maker.shape, argv[i]);
	if (!frames || rc) {
		fprintf(stderr, "usage: write_frames FILE FRAMES [many] [waits] [late] [crowd] [steps] [open]\n");
		return 2;
	}
	int fd = open(argv[1], O_WRONLY | O_CREAT | O_EXCL, 0666);
	if (fd < 0 || log_writer_open(&maker.writer, fd, &head) || batch_new(&maker.batch, &catalogue_builtin))
		rc = 1;
	for (uint64_t frame = 0; !rc && frame < frames; frame++)
		rc = frame_write(&maker, frame, frame + 1 == frames);
	if (rc)
		fprintf(stderr, "write_frames: cannot write %s\n", argv[1]);
	batch_free(maker.batch);
	log_writer_free(maker.writer);
	return rc ? 1 : 0;
}
