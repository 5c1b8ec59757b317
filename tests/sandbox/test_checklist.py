"""What emulators of delta and notifications get wrong, with the tests that watch each of it."""

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DELTA = "graph/test_delta.py"
SUBSCRIPTIONS = "graph/test_subscriptions.py"
DELIVERY = "notifications/test_delivery.py"
RENEWAL = "notifications/test_renewal.py"
ACCOUNTS = "notifications/test_accounts.py"
LIMITS = "service/test_subscription_limits.py"
SHARED = "graph/test_shared_calendars.py"
ITEMS: dict[str, list[tuple[str, str]]] = {
    "full occurrences, missing masters": [
        (DELTA, "test_a_first_round_has_singles_and_masters_whole_and_occurrences_as_stubs"),
        (DELTA, "test_masters_may_be_missing_where_they_have_been_seen_missing"),
    ],
    "never an empty page with a next link": [
        (DELTA, "test_some_first_rounds_begin_with_an_empty_page_that_has_a_next_link"),
        (DELTA, "test_a_page_is_empty_on_order_and_the_round_goes_on"),
    ],
    "tokens that stay valid for ever": [
        (DELTA, "test_only_the_last_three_generations_of_a_chain_can_be_used"),
        (DELTA, "test_the_links_of_pages_die_as_newer_ones_are_used"),
        (DELTA, "test_a_token_expires_on_order_for_good"),
        (DELTA, "test_the_location_of_an_expired_token_is_the_first_request_again"),
    ],
    "removal lines only for real deletions": [
        (DELTA, "test_what_happens_outside_the_window_is_a_removal_line_of_an_unknown_id"),
        (DELTA, "test_an_event_moved_out_of_the_window_is_removed_and_one_moved_in_is_told"),
        (DELTA, "test_an_event_moved_to_another_calendar_is_removed_here_and_told_there"),
        (DELTA, "test_silent_deletions_leave_only_what_changed_around_them"),
    ],
    "every item once in a round": [
        (DELTA, "test_a_round_is_replayed_on_order"),
        (DELTA, "test_an_item_comes_twice_on_order"),
        (DELTA, "test_a_link_used_twice_repeats_what_it_told"),
    ],
    "options on delta, delta of events": [
        (DELTA, "test_options_that_shape_the_answer_are_refused"),
        (DELTA, "test_events_cannot_be_followed_in_this_version"),
    ],
    "a window beside a token": [(DELTA, "test_a_window_beside_a_token_is_ignored")],
    "one notification for each change": [
        (DELIVERY, "test_some_edits_are_told_more_than_once_and_some_creations_as_updates_too"),
        (DELIVERY, "test_a_burst_travels_together_also_of_several_subscriptions"),
        (DELIVERY, "test_notifications_overtake_each_other_on_order"),
        (DELIVERY, "test_notifications_are_late_on_order_by_the_sandbox_clock"),
        (DELTA, "test_a_new_event_that_graph_does_not_show_yet_is_told_when_it_does"),
    ],
    "half a validation": [
        (SUBSCRIPTIONS, "test_both_addresses_are_validated_before_the_answer"),
        (SUBSCRIPTIONS, "test_the_lifecycle_address_is_as_important_as_the_other"),
        (SUBSCRIPTIONS, "test_an_address_that_does_not_repeat_the_token_is_refused"),
        (SUBSCRIPTIONS, "test_a_silent_address_times_out"),
    ],
    "no time-out, retry, lifecycle, limits, conflict or end": [
        (DELIVERY, "test_an_answer_after_the_time_out_does_not_count"),
        (DELIVERY, "test_a_refused_delivery_is_repeated_with_growing_pauses"),
        (DELIVERY, "test_after_four_hours_graph_gives_up_and_says_that_something_was_missed"),
        (DELIVERY, "test_its_end_is_announced_and_deletes_it"),
        (SUBSCRIPTIONS, "test_a_life_lasts_at_least_45_minutes_and_at_most_seven_days"),
        (SUBSCRIPTIONS, "test_the_same_wish_a_second_time_is_a_conflict"),
        (SUBSCRIPTIONS, "test_a_mailbox_has_at_most_a_thousand_subscriptions"),
    ],
    "no limits of the subscription service": [
        (LIMITS, "test_the_limits_are_those_that_are_documented"),
        (LIMITS, "test_whoever_calls_too_often_waits_and_may_call_again"),
        (LIMITS, "test_the_limit_of_a_tenant_is_that_of_all_its_applications"),
    ],
    "renewal and reauthorization at once": [
        (RENEWAL, "test_a_renewal_that_meets_a_reauthorization_is_answered_and_lost"),
        (RENEWAL, "test_whoever_may_not_read_any_more_may_not_prolong"),
    ],
    "subscriptions that outlive the account": [
        (ACCOUNTS, "test_subscriptions_of_an_account_are_removed_and_those_of_applications_stay")
    ],
    "no shared calendar in one's own list": [
        (SHARED, "test_an_added_calendar_stands_in_the_sharees_list_with_the_sharer_as_owner"),
        (SHARED, "test_ids_of_the_two_mailboxes_are_not_interchangeable"),
        (SHARED, "test_private_events_are_masked_for_whoever_may_not_see_them"),
        (SHARED, "test_whoever_may_edit_changes_the_owners_event_through_it"),
        (SHARED, "test_whoever_may_only_read_changes_nothing_through_it"),
    ],
    "resources in lower case": [(DELIVERY, "test_a_change_is_told_in_the_form_of_graph")],
    "no echo of one's own writes": [
        (DELIVERY, "test_our_own_writes_come_back_and_a_changed_instance_changes_its_series")
    ],
    "relative links, missing context": [
        (DELTA, "test_each_page_has_one_absolute_link_and_the_last_one_is_the_delta_link"),
        (DELTA, "test_links_name_the_host_that_the_client_believes_it_speaks_to"),
    ],
    "one spelling of the call": [(DELTA, "test_every_spelling_of_the_call_answers_the_same")],
}


@pytest.mark.parametrize("item", ITEMS)
def test_each_item_is_watched_by_tests_of_this_name(item: str) -> None:
    for file, name in ITEMS[item]:
        tree = ast.parse((HERE / file).read_text("utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in names
