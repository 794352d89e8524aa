// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "reader/diff_rule.h"

static struct difference make_difference(void)
{
	return (struct difference){.class = CLASS_PAYLOAD,
				   .count = 2,
				   .call = "recv",
				   .object = "tcp-server#2 on :80",
				   .field = "payload",
				   .new = "17 bytes"};
}

static bool applies(const char *line)
{
	struct difference difference = make_difference();
	struct diff_rules rules = {0};
	char trouble[200] = "";

	cr_assert_eq(diff_rules_add(&rules, line, trouble, sizeof(trouble)), 0, "%s", trouble);
	bool found = diff_rules_find(&rules, &difference) != NULL;
	diff_rules_free(&rules);
	return found;
}

Test(diff_rule, applies_when_all_it_says_fits)
{
	cr_assert(applies("payload"));
	cr_assert(applies("* call=re*"));
	cr_assert(applies("removed,payload call=recv object=\"tcp-server* on :80\" # why"));
	cr_assert_not(applies("removed call=recv"));
	cr_assert_not(applies("payload call=send"));
	cr_assert_not(applies("payload object=\"unix*\""));
	cr_assert_not(applies("payload field=flags"));
}

Test(diff_rule, limits_values_ranges_and_times)
{
	cr_assert(applies("payload range=10..20"));
	cr_assert_not(applies("payload range=18..20"));
	cr_assert(applies("payload values=\"3 bytes|17 bytes\""));
	cr_assert_not(applies("payload values=\"3 bytes\""));
	cr_assert(applies("payload times=2"));
	cr_assert_not(applies("payload times=1"));
}

Test(diff_rule, remarks_and_empty_lines_are_no_rules)
{
	cr_assert_not(applies(""));
	cr_assert_not(applies("   # payload"));
}

Test(diff_rule, says_what_is_wrong)
{
	struct diff_rules rules = {0};
	char trouble[200] = "";

	cr_assert_eq(diff_rules_add(&rules, "nonsense call=x", trouble, sizeof(trouble)), RULE_E_WRONG);
	cr_assert_str_eq(trouble, "there is no class 'nonsense'");
	cr_assert_eq(diff_rules_add(&rules, "payload colour=red", trouble, sizeof(trouble)), RULE_E_WRONG);
	cr_assert_not_null(strstr(trouble, "colour=red"));
	cr_assert_eq(rules.count, 0);
	diff_rules_free(&rules);
}
