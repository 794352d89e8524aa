// SPDX-License-Identifier: MIT
/*
 * A second pass over a trace, to look closely at a few tokens: the texts of their fields, their lines, their payload.
 */
#include "reader/canon_pass.h"
#include "reader/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Strings in fields are shown so far. */
#define SHOWN_BYTES 200u

static struct canon_field *add_field(struct canon_detail *detail, const char *name)
{
	struct canon_field *field = &detail->fields[detail->fields_count++];

	*field = (struct canon_field){.name = name, .object = -1};
	return field;
}

static char *take_text(struct text *text)
{
	char *taken = strdup(text_string(text));

	text->size = 0;
	return taken;
}

static void note_fields(struct pass *pass, struct canon_detail *detail, const struct canon_view *view)
{
	const struct event *event = view->event;
	struct text text = {0};

	for (unsigned i = 0; i < event->call->argc; i++) {
		const struct canon_part *part = &view->args[i];
		if (part->part == PART_NOTHING || part->part == PART_PAYLOAD)
			continue;
		struct canon_field *field = add_field(detail, event->call->args[i].name);
		field->hash = map_mix(part->key) + part->content;
		field->object = part->part == PART_OBJECT ? part->object : -1;
		value_print_arg(&text, event, i, &pass->lines.values);
		field->text = take_text(&text);
	}
	struct canon_field *result = add_field(detail, event->error ? "errno" : "result");
	result->hash = event->outcome | (uint64_t)event->error << 8;
	if (view->made_result)
		result->object = (int8_t)(view->objects_count - 1);
	else if (!view->rule->flow.direction && event->call->result.kind < KIND_HEX)
		result->hash = map_mix(result->hash) + (uint64_t)event->result;
	value_print_result(&text, event, &pass->lines.values);
	result->text = take_text(&text);
	text_free(&text);
}

static void note_line(struct pass *pass, struct canon_detail *detail, const struct trace_entry *entry)
{
	struct text text = {0};

	line_print(&pass->lines, entry, &text);
	while (text.size && text.bytes[text.size - 1] == '\n')
		text.size--;
	detail->line = take_text(&text);
	text_free(&text);
}

static void note_stack(struct canon_detail *detail, const struct event *event)
{
	const struct event_item *item = event_item(event, ITEM_NO_ARG, ITEM_STACK, 0);

	if (item && item->size >= sizeof(detail->stack))
		memcpy(&detail->stack, item->bytes, sizeof(detail->stack));
	detail->pid = event->pid;
}

static void keep_beginning(struct canon_detail *detail, const struct canon_view *view)
{
	for (uint32_t i = 0; i < view->event->items_count; i++) {
		const struct event_item *item = &view->event->items[i];
		uint32_t room = CANON_KEPT_MAX - detail->kept_size;
		uint32_t size = item->size < room ? item->size : room;
		if (item->form != ITEM_PAYLOAD)
			continue;
		if (!detail->is_cut && size) {
			uint8_t *kept = realloc(detail->kept, detail->kept_size + size);
			if (!kept)
				return;
			memcpy(kept + detail->kept_size, item->bytes, size);
			detail->kept = kept;
			detail->kept_size += size;
		}
		detail->is_cut |= item->size < item->total || size < item->size;
	}
}

int pass_note(struct pass *pass, struct fold *fold, const struct canon_view *view, const struct trace_entry *entry)
{
	struct canon_detail *detail;

	if (fold->detail == CANON_NONE) {
		if (pass->next_detail >= pass->details_count || pass->details[pass->next_detail].token != fold->index)
			return 0;
		fold->detail = pass->next_detail++;
		pass->noting++;
		detail = &pass->details[fold->detail];
		note_fields(pass, detail, view);
		note_line(pass, detail, entry);
		note_stack(detail, view->event);
		detail->sequence = view->event->sequence;
		detail->time = trace_time(pass->trace, view->event->enter);
	}
	keep_beginning(&pass->details[fold->detail], view);
	return 0;
}

int pass_noted(struct pass *pass, struct fold *fold)
{
	struct canon_detail *detail = &pass->details[fold->detail];

	fold->detail = CANON_NONE;
	pass->noting--;
	if (!detail->kept)
		return 0;
	pass->scratch.size = 0;
	mask_bytes(&pass->mask, detail->kept, detail->kept_size, &pass->scratch);
	uint8_t *masked = malloc(pass->scratch.size + 1);
	if (!masked || pass->scratch.failed) {
		free(masked);
		return -ENOMEM;
	}
	memcpy(masked, pass->scratch.bytes, pass->scratch.size);
	free(detail->kept);
	detail->kept = masked;
	detail->kept_size = (uint32_t)pass->scratch.size;
	return 0;
}

int canon_look(const struct canon *canon, struct canon_detail *details, uint32_t count)
{
	struct canon scratch = {.catalogue = canon->catalogue,
				.enabled = canon->enabled,
				.scope = canon->scope,
				.common = canon->common,
				.sorts = {.budget = SIZE_MAX},
				.trace = canon->trace};
	struct pass pass = {.canon = &scratch, .trace = canon->trace, .details = details, .details_count = count};
	int rc;

	if (!count)
		return 0;
	rc = trace_rewind(canon->trace);
	pass.lines.trace = canon->trace;
	pass.lines.style = (struct line_style){.names = 2, .string_limit = SHOWN_BYTES};
	if (!rc)
		rc = pass_run(&pass);
	lines_end(&pass.lines);
	for (uint32_t i = 0; i < pass.objects_count; i++) {
		free(pass.objects[i].name);
		free(pass.objects[i].shown);
	}
	free(pass.objects);
	canon_free(&scratch);
	return rc;
}

void canon_details_free(struct canon_detail *details, uint32_t count)
{
	for (uint32_t i = 0; details && i < count; i++) {
		for (uint32_t k = 0; k < details[i].fields_count; k++)
			free(details[i].fields[k].text);
		free(details[i].kept);
		free(details[i].line);
	}
	free(details);
}
