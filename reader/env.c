// SPDX-License-Identifier: MIT
/*
 * `ipctrace env`: prints the variables that make a program started without `ipctrace record` trace itself.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reader/command.h"
#include "format/trouble.h"
#include "reader/library.h"
#include "reader/output.h"
#include "reader/setting_option.h"

/* The shell that splits the line again knows only white space. */
static int print_variable(const char *name, const char *value)
{
	if (value[strcspn(value, " \t\n")]) {
		trouble_say("ipctrace env: %s: '%s' has white space in it, which the line cannot carry", name, value);
		return -1;
	}
	printf(" %s=%s", name, value);
	return 0;
}

static int print_output(const char *output)
{
	char folder[PATH_MAX], path[2 * PATH_MAX];

	/* the programs may be started from elsewhere */
	if (output[0] != '/' && !getcwd(folder, sizeof(folder))) {
		perror("ipctrace env");
		return -1;
	}
	snprintf(path, sizeof(path), "%s%s%s", output[0] == '/' ? "" : folder, output[0] == '/' ? "" : "/", output);
	return print_variable(setting_specs[SETTING_OUTPUT].variable, path);
}

int command_env(int argc, char **argv)
{
	struct trace_settings settings = settings_default();
	struct option_spec specs[SETTING_COUNT + 1] = {
		[SETTING_COUNT] = {.argument = "[OPTION]...",
				   .help = "env $(ipctrace env -o echo.ipct) ./echo-server 7777"}};
	char library[PATH_MAX], *preload;
	int index, rc;

	setting_options_fill(specs);
	index = options_parse(specs, SETTING_COUNT + 1, &settings, argc, argv);
	if (index < 0)
		return 2;
	if (index < argc) {
		trouble_say("ipctrace env: takes no command; see ipctrace env --help");
		return 2;
	}
	if (library_find(library, sizeof(library)))
		return 2;
	preload = library_preload(library, getenv("LD_PRELOAD"));
	if (!preload)
		return 2;
	for (char *colon = preload; (colon = strchr(colon, ' '));)
		*colon = ':';
	printf("LD_PRELOAD=%s", preload);
	free(preload);
	rc = print_output(settings.output ? settings.output : "ipctrace.ipct");
	for (int i = SETTING_OUTPUT + 1; i < SETTING_COUNT && !rc; i++)
		if (settings.texts[i])
			rc = print_variable(setting_specs[i].variable, settings.texts[i]);
	putchar('\n');
	return rc ? 2 : output_stdout();
}
