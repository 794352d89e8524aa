// SPDX-License-Identifier: MIT
/*
 * See setting_option.h.
 */
#include "reader/setting_option.h"

void setting_options_fill(struct option_spec *specs)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		const struct setting_spec *from = &setting_specs[i];
		specs[i] = (struct option_spec){from->letter, from->name, from->argument, from->help, from->set};
	}
}
