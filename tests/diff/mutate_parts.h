// SPDX-License-Identifier: MIT
/*
 * What the files of changes share: chance, choice of calls, and what a call is according to the catalogue.
 */
#ifndef IPCTRACE_TESTS_DIFF_MUTATE_PARTS_H
#define IPCTRACE_TESTS_DIFF_MUTATE_PARTS_H

#include "tests/diff/mutation.h"

/* A number below `below`, which is not 0. */
uint64_t mutate_random(struct mutate *mutate, uint64_t below);

/* A place in a row of calls. */
struct place {
	uint32_t stream;
	size_t at;
};

static inline struct draft_event *place_event(const struct draft *draft, struct place place)
{
	return draft->streams[place.stream].events[place.at];
}

/* The call after it in its row, or NULL. */
static inline struct draft_event *place_next(const struct draft *draft, struct place place)
{
	const struct draft_stream *stream = &draft->streams[place.stream];

	return place.at + 1 < stream->count ? stream->events[place.at + 1] : NULL;
}

/*
 * Draws up to `count` of the places that `fits` accepts, no two of them neighbours, and calls `change` with them from
 * the back to the front, so that it may insert and remove.
 */
typedef bool mutate_fits(struct mutate *mutate, struct place place);
typedef void mutate_change(struct mutate *mutate, struct place place);
void mutate_places(struct mutate *mutate, uint32_t count, mutate_fits *fits, mutate_change *change);

/* Calls `visit` with every call, also those that never returned. */
typedef void mutate_visit(void *context, struct event *event);
void mutate_events(struct draft *draft, mutate_visit *visit, void *context);

/* Notes a change; the texts of what was and what is are to be filled in by the caller. Valid until the next note. */
struct change *mutate_note(struct mutate *mutate, const struct draft_event *event, const char *field);

/* ---- what a call is ------------------------------------------------------------------------------------------- */

/* What argument `arg` is, as far as it can be told. */
struct value_spec call_value(const struct event *event, unsigned arg);

/* The argument that says what the call is about, or -1. */
int call_subject(const struct event *event);

/* Its only payload that is not empty, or NULL. */
const struct event_item *call_payload(const struct event *event);

/* Whether the payload goes from the program to the object. */
bool call_sends(const struct event *event);

/* Whether it makes or ends something. */
bool call_makes(const struct event *event);
bool call_ends(const struct event *event);

/*
 * Whether the call did something to an object that is known: it succeeded or failed for good, it is no waiting for
 * readiness, no life or death of processes, and no counter of wake-ups.
 */
bool call_counts(const struct draft *draft, const struct draft_event *event);

/* Whether in addition it carried something or waited for somebody, without making or ending anything. */
bool call_acts(const struct draft *draft, const struct draft_event *event);

/* Whether it is about a stream, whose bytes may be cut into calls in any way. */
bool call_is_on_stream(const struct draft *draft, const struct draft_event *event);

/* ---- payloads, which keep a hash of all although they keep not all ---------------------------------------------- */

/* Bytes [from, to) of the payload `item`; `from` and, unless it is the end, `to` lie within what was kept. */
struct event_item payload_piece(const struct event_item *item, uint32_t from, uint32_t to);

/* Two payloads as one, of which at most `limit` bytes are kept; `first` was kept whole or is longer than the limit. */
struct event_item payload_join(struct draft *draft, const struct event_item *first, const struct event_item *second,
			       uint32_t limit);

/* Puts other bytes, as many, in place of those that were kept. */
void payload_replace(struct event_item *item, const uint8_t *bytes);

/* ---- the changes ---------------------------------------------------------------------------------------------- */

void mutate_drop(struct mutate *mutate);
void mutate_duplicate(struct mutate *mutate);
void mutate_reorder(struct mutate *mutate);
void mutate_errno(struct mutate *mutate);
void mutate_size(struct mutate *mutate);
void mutate_payload(struct mutate *mutate);
void mutate_wrong_object(struct mutate *mutate);
void mutate_flag(struct mutate *mutate);
void mutate_slow(struct mutate *mutate);
void mutate_pids(struct mutate *mutate);
void mutate_ports(struct mutate *mutate);
void mutate_addresses(struct mutate *mutate);
void mutate_interleaving(struct mutate *mutate);
void mutate_segmentation(struct mutate *mutate);
void mutate_workers(struct mutate *mutate);
void mutate_times(struct mutate *mutate);

#endif
