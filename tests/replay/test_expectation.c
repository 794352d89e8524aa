// SPDX-License-Identifier: MIT
/*
 * What a program sends, compared with what it sent: cut into any pieces, under masks, with gaps in the record.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "replay/expectation.h"

struct script {
	struct conversation conversation;
	struct masks masks;
	struct expectation expectation;
};

/* Messages in turns: those that begin with '<' are received. */
static void script_write(struct script *script, const char *const *texts)
{
	uint32_t count = 0;

	*script = (struct script){0};
	while (texts[count])
		count++;
	script->conversation.messages = calloc(count + 1, sizeof(struct message));
	for (uint32_t i = 0; i < count; i++) {
		bool is_received = texts[i][0] == '<';
		struct text *stream = &script->conversation.streams[is_received ? STREAM_IN : STREAM_OUT];
		script->conversation.messages[i] = (struct message){.direction = is_received ? STREAM_IN : STREAM_OUT,
								    .time = i,
								    .offset = stream->size,
								    .size = strlen(texts[i])};
		text_put(stream, texts[i]);
	}
	script->conversation.messages_count = count;
	cr_assert_eq(masks_prepare(&script->masks, 1795365148), 0);
	expectation_begin(&script->expectation, &script->conversation, &script->masks);
}

static void script_free(struct script *script)
{
	expectation_free(&script->expectation);
	masks_free(&script->masks);
	text_free(&script->conversation.streams[STREAM_OUT]);
	text_free(&script->conversation.streams[STREAM_IN]);
	free(script->conversation.messages);
}

static int say(struct script *script, const char *text)
{
	return expectation_take(&script->expectation, text, strlen(text));
}

#define SCRIPT(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(expectation, takes_bytes_however_they_are_cut)
{
	static const char all[] = "onetwothree";
	struct script script;

	for (size_t piece = 1; piece <= sizeof(all); piece++) {
		script_write(&script, SCRIPT("one", "<1", "two", "<2", "three"));
		for (size_t at = 0; at < strlen(all); at += piece) {
			size_t size = strlen(all) - at < piece ? strlen(all) - at : piece;
			cr_assert_eq(expectation_take(&script.expectation, all + at, size), 0);
			cr_assert_eq(script.expectation.matched, at + size);
		}
		cr_assert(expectation_is_met(&script.expectation));
		cr_assert_eq(script.expectation.messages, 3);
		script_free(&script);
	}
}

Test(expectation, names_the_first_byte_that_differs)
{
	struct script script;

	script_write(&script, SCRIPT("one", "<1", "two", "<2", "three"));
	cr_assert_eq(say(&script, "onetw"), 0);
	cr_assert_eq(say(&script, "O"), EXPECTATION_E_DIFFERS);
	cr_assert_eq(expectation_settle(&script.expectation), EXPECTATION_E_DIFFERS);
	cr_assert_eq(script.expectation.matched, 5);
	cr_assert_eq(expectation_difference(&script.expectation), 2);
	expectation_forgive(&script.expectation);
	cr_assert_eq(say(&script, "three"), 0);
	cr_assert(expectation_is_met(&script.expectation));
	cr_assert_eq(say(&script, "four"), EXPECTATION_E_BEYOND);
	script_free(&script);
}

Test(expectation, lets_dates_and_ids_differ)
{
	struct script script;

	script_write(&script, SCRIPT("Date: Sun, 22 Nov 2026 17:31:42 GMT\r\nCookie: a=b; c\r\n", "<ok", "then"));
	cr_assert_neq(say(&script, "Date: Mon, 23 Nov 2026 01:02:03 GMT\r\nCoo"), -1);
	cr_assert_eq(say(&script, "kie: something longer=1\r\n"), 0);
	cr_assert_eq(script.expectation.masked, 1);
	cr_assert_eq(say(&script, "then"), 0);
	cr_assert(expectation_is_met(&script.expectation));
	script_free(&script);
}

Test(expectation, finds_where_a_masked_message_ends_when_more_follows)
{
	struct script script;
	char trouble[80];

	script_write(&script, SCRIPT("id=12345;", "<ok", "then"));
	cr_assert_eq(masks_add(&script.masks, "id=([0-9]+);", trouble, sizeof(trouble)), 0);
	cr_assert_eq(say(&script, "id=9876543;then"), 0);
	cr_assert(expectation_is_met(&script.expectation));
	cr_assert_eq(script.expectation.masked, 1);
	script_free(&script);
}

Test(expectation, takes_a_mask_for_a_shorter_message_when_nothing_more_comes)
{
	struct script script;
	char trouble[80], long_id[1000];

	memset(long_id, '7', sizeof(long_id) - 2);
	strcpy(long_id + sizeof(long_id) - 2, ";");
	memcpy(long_id, "id=", 3);
	script_write(&script, SCRIPT(long_id, "<ok"));
	cr_assert_eq(masks_add(&script.masks, "id=([0-9]+);", trouble, sizeof(trouble)), 0);
	cr_assert_eq(say(&script, "id=5;"), EXPECTATION_E_DIFFERS);
	cr_assert_eq(expectation_settle(&script.expectation), 0);
	cr_assert(expectation_is_met(&script.expectation));
	script_free(&script);
}

Test(expectation, takes_anything_for_what_the_trace_does_not_have)
{
	struct hole holes[] = {{3, 4}, {10, 2}};
	struct script script;

	script_write(&script, SCRIPT("one....two..x", "<ok"));
	script.conversation.holes[STREAM_OUT] = holes;
	script.conversation.holes_count[STREAM_OUT] = 2;
	cr_assert_eq(say(&script, "oneABC"), 0);
	cr_assert_eq(say(&script, "DtwoEFx"), 0);
	cr_assert(expectation_is_met(&script.expectation));
	cr_assert_eq(script.expectation.masked, 0);
	script_free(&script);
}

Test(expectation, changes_places_with_what_fits_better)
{
	struct script one, other;

	script_write(&one, SCRIPT("hello", "<hi", "I am Anna"));
	script_write(&other, SCRIPT("hello", "<hi", "I am Boris"));
	cr_assert_eq(say(&one, "hello"), 0);
	cr_assert_eq(say(&other, "hello"), 0);
	cr_assert_eq(say(&one, "I am Boris"), EXPECTATION_E_DIFFERS);
	cr_assert(expectation_swap(&one.expectation, &other.expectation));
	cr_assert_eq(say(&one, ""), 0);
	cr_assert_eq(say(&other, "I am Anna"), 0);
	cr_assert(expectation_is_met(&one.expectation) && expectation_is_met(&other.expectation));
	script_free(&one);
	script_free(&other);
}

Test(expectation, keeps_its_place_when_the_past_was_another)
{
	struct script one, other;

	script_write(&one, SCRIPT("hello", "<hi", "I am Anna"));
	script_write(&other, SCRIPT("hello", "<ho", "I am Boris"));
	cr_assert_eq(say(&one, "hello"), 0);
	cr_assert_eq(say(&one, "I am Boris"), EXPECTATION_E_DIFFERS);
	cr_assert_not(expectation_swap(&one.expectation, &other.expectation));
	script_free(&one);
	script_free(&other);
}
