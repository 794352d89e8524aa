// SPDX-License-Identifier: MIT
/*
 * What a trace can serve, and why not for more: known from its head, its losses and its columns, without any order.
 *
 * It is an upper bound by what can be counted so: a replay looks closer, and names the connection when it refuses.
 */
#ifndef IPCTRACE_READER_CLASS_H
#define IPCTRACE_READER_CLASS_H

#include "reader/map.h"
#include "reader/trace.h"

/* Each serves for all before it. */
enum class_level {
	CLASS_PRINT,   /* decoding, printing, comparing */
	CLASS_CALLS,   /* running the calls again, with filler for payload that is not there */
	CLASS_PAYLOAD, /* with the payload they had */
	CLASS_PEER,    /* playing the peers to the program */
	CLASS_COUNT
};

#define CLASS_REASONS_MAX 8
#define CLASS_REASON_SIZE 160

/* Why the trace serves for no more than `level`; the strictest first is not promised. */
struct class_reason {
	enum class_level level;
	char text[CLASS_REASON_SIZE];
};

struct class_verdict {
	enum class_level level;
	struct class_reason reasons[CLASS_REASONS_MAX];
	unsigned count;
};

/* What is counted for it over all frames. All zero before the first batch. */
struct class_count {
	uint64_t cut, cut_bytes; /* payloads of messages that were not kept whole */
	uint64_t tls;		 /* messages that begin as a TLS handshake does */
	uint64_t rings;		 /* io_uring */
	uint64_t connections;	 /* calls that make one */
	struct map descriptors;	 /* pid << 32 | fd; flag: it is a socket just now */
};

/* 0 or -ENOMEM. */
int class_count_batch(struct class_count *count, const struct batch_view *batch);
void class_count_free(struct class_count *count);

/* By what is missing and where it was made alone: CLASS_PEER, or CLASS_PRINT and why. */
void class_judge_trust(struct class_verdict *verdict, struct trace *trace);

/* `unseen` images were begun and never reported. */
void class_judge(struct class_verdict *verdict, const struct class_count *count, struct trace *trace, uint64_t unseen);

/* "recorded peer", and what it is good for. */
const char *class_name(enum class_level level);

#endif
