//! What plans mean, what is wrong with others, and what holds of any text.

mod layout;
mod meaning;
mod properties;
mod sentences;

use super::{Plan, PlanError};

/// A plan with one factor, and these lines before it.
fn plan(lines: &str) -> Result<Plan, PlanError> {
    Plan::parse(&format!("name = \"a plan\"\n{lines}\n{FACTOR}"), &[])
}

/// A plan with these factors alone.
fn factors(lines: &str) -> Result<Plan, PlanError> {
    Plan::parse(&format!("name = \"a plan\"\n{lines}"), &[])
}

const FACTOR: &str = "[[factor]]\nsysctl = \"net.core.busy_poll\"\nlevels = [0, 50]\n";

/// So many factors with two levels each.
fn two_levels(count: u32) -> String {
    let one = |number| format!("[[factor]]\nsysctl = \"net.a{number}\"\nlevels = [0, 1]\n");
    (0..count).map(one).collect::<Vec<_>>().concat()
}

#[track_caller]
fn assert_wrong(plan: Result<Plan, PlanError>, sentence: &str) {
    assert_eq!(plan.unwrap_err().to_string(), sentence);
}
