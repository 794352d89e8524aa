// SPDX-License-Identifier: MIT
/*
 * The settings of a recording as options: rows for options_parse() made of the table in trace/settings.h, which knows
 * nothing of command lines.
 */
#ifndef IPCTRACE_READER_SETTING_OPTION_H
#define IPCTRACE_READER_SETTING_OPTION_H

#include "reader/option.h"
#include "trace/settings.h"

/* Fills SETTING_COUNT rows. The settings they set are a struct trace_settings, or something that begins with one. */
void setting_options_fill(struct option_spec *specs);

#endif
