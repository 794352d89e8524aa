// SPDX-License-Identifier: MIT
/*
 * The inside of the making of templates, shared by the files template*.c alone.
 *
 * The scratch memory of a call has two areas: bytes that it begins with, and behind them room for what the call writes.
 */
#ifndef IPCTRACE_REPLAY_TEMPLATE_PARTS_H
#define IPCTRACE_REPLAY_TEMPLATE_PARTS_H

#include "reader/endpoint.h"
#include "reader/value.h"
#include "replay/composition.h"

/* Room that is given for what a call may write, beyond what it wrote. */
#define ROOM_MAX     (1u << 20)
#define CONTROL_ROOM 1024u
/* What all buffers of one call may take. */
#define AREA_MAX (256u << 20)

/* A template while it is made; what it does to objects goes to the accesses of the composition. */
struct maker {
	struct composition *composition;
	struct score_act *act;
	const struct event *event;
	const struct call_spec *call;
	uint32_t number, process, pid;
	struct text data;
	uint32_t behind; /* bytes */
	struct rows relocs, checks, stores;
	uint64_t words[CALL_ARGS_MAX];
	uint32_t object;  /* what the call is about, or SCORE_NONE */
	uint64_t limit;	  /* bytes to receive at most, UINT64_MAX: any */
	bool ok;	  /* it returned and did not fail */
	bool is_received; /* an access with payload was noted */
	bool has_bits, is_unknown;
	bool has_made;	 /* behind a pointer: the result means something else */
	bool is_binding; /* the address that is given becomes its own */
};

/* ---- template.c ---- */

/* Room in front, with `bytes` (NULL: zeros) in it. Its offset. */
uint32_t maker_area_put(struct maker *maker, const void *bytes, size_t size, size_t room);

/* Room behind. A call that needs too much is not made. */
uint32_t maker_area_leave(struct maker *maker, uint64_t size);

/* A live number belongs at `at`: an offset of the scratch memory, or RELOC_WORD and an argument. */
void maker_reloc_add(struct maker *maker, uint32_t at, enum reloc_kind kind, uint16_t width, uint32_t what,
		     uint64_t addend);

/* A number at `at`, or the result, is remembered. */
void maker_store_add(struct maker *maker, uint32_t at, enum store_kind kind, uint32_t what);

/* Argument `arg` points to `at`. */
void maker_point_at(struct maker *maker, unsigned arg, uint32_t at);

/* Whether a flags argument says that what is made is closed by an exec. */
bool maker_is_closed_by_exec(const struct maker *maker);

/* ---- template_value.c ---- */

/* What the call does to an object; NULL when memory is short. */
struct access *maker_access_add(struct maker *maker, uint32_t object, uint32_t slot, uint32_t classes);

/* Payload that came: what the other end has to send when it was not recorded. */
void maker_note_received(struct maker *maker, const struct event_item *item, uint32_t at);

/* The object that `value` means to the process now, or SCORE_NONE. */
uint32_t maker_object_of(struct maker *maker, enum kind kind, uint64_t value);

/* A process by its recorded pid; not positive ones stay what they are. */
void maker_set_pid(struct maker *maker, uint32_t at, uint64_t value);

/* A number that means something, at `at`. Plain ones have been put there already. */
void maker_set_scalar(struct maker *maker, const struct value_spec *value, uint32_t at, uint64_t word);

/* Elements behind a pointer, as its row says; bytes for bytes and addresses. */
uint64_t maker_length_of(const struct maker *maker, const struct value_spec *value);

/* As LENGTH_RETURN has it, the room is what the next argument says. `at_least` is what there was. */
uint64_t maker_room_of(struct maker *maker, unsigned arg, const struct value_spec *value, uint64_t at_least);

/* Payload that went: what others received tells in which order it went. */
void maker_note_given(struct maker *maker, const struct event_item *item);

/* All of a payload in the pool, with filler where it was not kept. Its offset. */
uint32_t maker_payload_put(struct maker *maker, const struct event_item *item, uint64_t room);

/* Makes what argument `arg`, which is not NULL, points to; likewise the functions called make below. */
void maker_make_pointed(struct maker *maker, unsigned arg, const struct value_spec *value);

/* ---- template_address.c ---- */

/* A port that is first heard of as that of a sender is that of who sent there last. */
void maker_note_sender(struct maker *maker, const struct event_item *item);

/* Whoever has a port of this host from now on: what the recorder asked a socket that was just bound or connected. */
void maker_note_port(struct maker *maker);

/* An address that is given. Remembers it: whoever is there may have to be played. */
uint32_t maker_address_put(struct maker *maker, const struct event_item *item, uint32_t *size);

/* An address that is given, or room for one. */
void maker_make_sockaddr(struct maker *maker, unsigned arg, const struct value_spec *value);

/* ---- template_message.c ---- */

/* Buffers one behind the other, and the array that says where. */
void maker_make_vector(struct maker *maker, unsigned arg, const struct value_spec *value);

/* A msghdr with all that it points to. */
void maker_make_message(struct maker *maker, unsigned arg, const struct value_spec *value);

/* As many messages as went: more could not be told apart from those that did not. */
void maker_make_messages(struct maker *maker, unsigned arg, const struct value_spec *value);

/* A System V message: a long, then the payload. */
void maker_make_msgbuf(struct maker *maker, unsigned arg, const struct value_spec *value);

/* An fd_set. */
void maker_make_set(struct maker *maker, unsigned arg);

/* ---- template_notice.c ---- */

/* The objects among the plain arguments; the first is what the call is about. */
void maker_note_arguments(struct maker *maker, const struct flow *flow);

/* What a call that waits for readiness looks at; what an epoll set is to wait for. */
void maker_note_readiness(struct maker *maker);

/* What the call makes and returns. */
void maker_note_result(struct maker *maker);

#endif
