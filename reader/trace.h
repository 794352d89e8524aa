// SPDX-License-Identifier: MIT
/*
 * A trace as the commands see it: the log, and behind it what is still in the live area beside it; its processes,
 * threads and stacks; and everything that happened in order of time.
 *
 * Order is that of entry into the calls, over all threads and processes. Opening reads the columns of every frame once,
 * to find the calls that began long before the frame they stand in; going through then needs memory for a few frames
 * and for these. Nothing here prints.
 */
#ifndef IPCTRACE_READER_TRACE_H
#define IPCTRACE_READER_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/log.h"

enum {
	TRACE_E_END = 1,    /* trace_next: there is nothing more */
	TRACE_E_UNREADABLE, /* trace_open: no trace, or one that cannot be read; said in `trouble` */
};

/* Processes, threads and stacks of a trace, copied out of its frames, in order of the log. */
struct trace_process {
	struct frame_process seen; /* its texts and arrays live as long as the trace */
	uint64_t events;
	uint64_t lost;
};

struct trace_thread {
	struct frame_thread seen;
	bool is_announced;     /* it said that it began; else it is known only from its calls */
	uint64_t events, lost; /* in the log; lost by the account of the log */
	uint64_t end;	       /* ticks; 0 when it did not say that it ended */
	uint64_t resumed;      /* ticks at which it made calls behind the end of its start routine, or 0 */
};

enum trace_kind {
	TRACE_EVENT,
	TRACE_PROCESS,	  /* an image began */
	TRACE_THREAD,	  /* a thread began */
	TRACE_THREAD_END, /* a thread ended */
	TRACE_MODULES,	  /* libraries were loaded later */
	TRACE_CONTROL,	  /* the recording was steered */
};

/* One thing that happened. The pointer that belongs to `kind` is set; all live until the next trace_next(). */
struct trace_entry {
	enum trace_kind kind;
	uint64_t ticks;
	const struct event *event;
	const struct frame_process *process;
	const struct frame_thread *thread;
	const struct frame_thread_end *thread_end;
	const struct frame_modules *modules;
	const struct object_control *control;
	/*
	 * Where an event stands, when it is a row of a batch, else NULL. Equal shapes of one batch have equal arguments
	 * (but for those that vary): what was made of one may be kept by `slot`, a small number that batches in memory
	 * share with no other, as long as `serial`, which no two batches share, is the same.
	 */
	const struct batch_view *batch;
	uint32_t row;
	uint32_t slot;
	uint64_t serial;
};

/* What was lost or could not be read, added up. */
struct trace_loss {
	uint64_t events;	 /* events in the log */
	uint64_t lost;		 /* events that threads made and the log counts as lost */
	uint64_t lost_uncounted; /* holes in threads' numbering that nobody counted */
	uint64_t damaged_frames; /* could not be decoded */
	uint64_t damage_regions; /* all that log_damage() lists */
	bool is_closed;		 /* the collector said how it finished */
	bool is_salvaged;	 /* something came from the live area */
	struct object_end end;	 /* when is_closed */
};

struct trace_opening {
	bool follow;	   /* go on as the log grows, until its end; order is then that of frames, sorted inside each */
	bool without_live; /* leave the live area beside the log alone */
	void (*idle)(void *context); /* called before each wait of `follow`; may be NULL */
	void *context;
	bool unordered; /* no pass for the order: trace_next() is not going to be called */
};

struct trace;

/*
 * Opens the trace at `path`. `settings` may be NULL. 0 and *trace to be closed with trace_close(); TRACE_E_UNREADABLE
 * with one line in trouble->text; -errno, also with a line.
 */
int trace_open(struct trace **trace, const char *path, const struct trace_opening *settings,
	       struct log_trouble *trouble);
void trace_close(struct trace *trace);

/*
 * The next entry in order of time: 0, TRACE_E_END, or -errno. Objects of a moment come before its events: a process
 * before its threads, these before what they did. With `follow` it waits for more.
 */
int trace_next(struct trace *trace, struct trace_entry *entry);

/*
 * As trace_next(), and says with it how many events, from 1 to `most`, are next in order and stand in entry->batch one
 * after the other, from entry->row on; the next call goes on behind them. 1 for all other entries.
 */
int trace_next_rows(struct trace *trace, struct trace_entry *entry, uint32_t most, uint32_t *rows);

/* At most so many events will be given by trace_next() from the beginning to the end. Without `follow`. */
uint64_t trace_events(const struct trace *trace);

/* Starts again at the beginning. Not with `follow`. 0 or -ENOMEM. */
int trace_rewind(struct trace *trace);

/* Whether a collector may still write to the log. */
bool trace_is_growing(const struct trace *trace);

const struct catalogue *trace_catalogue(const struct trace *trace);
const struct log_head *trace_head(const struct trace *trace);

/* The logs behind it: the file, then (may be NULL) what was salvaged from the live area, which reads like a log. */
struct log *trace_log(struct trace *trace);
struct log *trace_live(struct trace *trace);

/* The bytes of trace_live(), as long as the trace is open; NULL without one. */
const void *trace_live_bytes(struct trace *trace, size_t *size);

/* The latest clock reading of the frames read so far; all 0 without one. */
struct log_anchor trace_last_anchor(const struct trace *trace);

/*
 * Frames of both logs, numbered through; for commands that need no order. As log_frame_read(); a frame of the live area
 * has a catalogue of its own with the same numbers of calls, so count by batch_shape.call_index. Frames read for the
 * first time in their order also fill the tables below, which with `unordered` are empty after trace_open().
 */
size_t trace_frames(const struct trace *trace);
int trace_frame_read(struct trace *trace, size_t index, struct frame **frame);

/*
 * Whether a frame that has been read has calls for which `wanted`, by number in the catalogue, is true. True when that
 * is not known.
 */
bool trace_frame_has(const struct trace *trace, size_t index, const bool *wanted);

/* Ticks as nanoseconds: since the epoch, and as a span that begins at `ticks`. */
uint64_t trace_time(struct trace *trace, uint64_t ticks);
uint64_t trace_span(struct trace *trace, uint64_t ticks, uint64_t duration);

/* How fast the ticks go, over all of the trace; 1 when that is not known. */
double trace_ticks_per_ns(const struct trace *trace);

/* Known after trace_open(); with `follow`, of what was read so far. In order of the log. */
const struct trace_process *trace_processes(const struct trace *trace, size_t *count);
const struct trace_thread *trace_threads(const struct trace *trace, size_t *count);
const struct object_control *trace_controls(const struct trace *trace, size_t *count);
const struct trace_loss *trace_loss(struct trace *trace);

/* The image that process `pid` was at `ticks`, or NULL. */
const struct trace_process *trace_process_at(const struct trace *trace, uint32_t pid, uint64_t ticks);

/* The addresses of a stack of process `pid`, innermost first, or NULL; they live as long as the trace. */
const uint64_t *trace_stack(const struct trace *trace, uint32_t pid, uint64_t hash, uint32_t *depth);

/* The module of process `pid` that holds `address` at `ticks`, or NULL. */
const struct frame_module *trace_module_at(const struct trace *trace, uint32_t pid, uint64_t ticks, uint64_t address);

#endif
