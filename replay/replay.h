// SPDX-License-Identifier: MIT
/*
 * `ipctrace replay`: what was asked for, and the ways of replaying. Each way is one function in the file of its name;
 * all get the same options and return the status to exit with.
 */
#ifndef IPCTRACE_REPLAY_REPLAY_H
#define IPCTRACE_REPLAY_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "reader/choice.h"
#include "reader/line.h"

/* The statuses of replay, as diff has them. */
enum replay_status {
	REPLAY_SAME = 0,
	REPLAY_DIVERGED = 1,
	REPLAY_TROUBLE = 2, /* wrong usage, unreadable trace, or one that cannot serve what was asked for */
	REPLAY_INCOMPLETE = 4,
};

/* As fast as possible. */
#define REPLAY_SPEED_MAX 0.0

enum replay_way {
	REPLAY_AGAIN, /* run the recorded calls again */
	REPLAY_WATCH, /* print the calls at the pace they had */
	REPLAY_PEER,  /* run a program against its recorded peers */
};

struct replay_options {
	enum replay_way way;
	const char *trace; /* path */
	double speed;	   /* times the recorded pace; REPLAY_SPEED_MAX */
	uint64_t max_gap;  /* ns that a pause takes at most, after scaling; UINT64_MAX: as long as it is */
	bool quiet;	   /* no summary */
	/* watch */
	struct line_style style;
	struct choice choice;
	const char *color; /* as output_color() takes it */
	/* run again */
	bool keeps_think; /* gaps between a thread's own calls are kept; else times since the beginning */
	bool is_shared;	  /* in the namespaces that we are in */
	bool is_dry;	  /* say what would be touched */
	bool verifies;	  /* judge by diff of a recording of the replay */
	bool json;
	/* recorded peer */
	bool peer_is_clients; /* play what clients did to a server */
	bool is_lenient;      /* go on after a divergence */
	bool may_pass;	      /* what is not recorded goes to the real peer */
	uint64_t patience;    /* ns without anything before it gives up */
	const char **masks;   /* regular expressions */
	uint32_t masks_count;
	const char *output; /* where the run is recorded; NULL: it is not. Also of running again */
	char **command;	    /* with its arguments, NULL at the end; NULL: none */
};

/* Prints the calls of the trace at the pace they had. Uses up options->choice. */
int replay_watch(struct replay_options *options);

/* Runs the recorded calls again, and compares what they come to. */
int replay_again(struct replay_options *options);

/* Runs options->command against the recorded peers; without one plays recorded clients to a live server. */
int replay_peer(struct replay_options *options);

/* The command; the row of reader/main.c. */
int command_replay(int argc, char **argv);

#endif
