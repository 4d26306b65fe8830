use std::fmt::Write;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::*;
use crate::experiment::design::Design;

/// Of plans that could be, in every order and with anything missing.
const LINES: &[&str] = &[
    "name = \"a\"",
    "question = \"${x}\"",
    "needs = [\"root\", \"queues:${x}\"]",
    "[variables]",
    "x = \"eth0\"",
    "[load]",
    "options = { rate = \"10k\", flows = 2.5, until = \"p50+-2%\" }",
    "[server]",
    "target = \"a:1\"",
    "[design]",
    "kind = \"fraction\"",
    "kind = \"factorial\"",
    "fraction = \"1/4\"",
    "blocks = 10",
    "blocks = { until = \"p50+-3%\", within = \"2h\" }",
    "seed = -1",
    "[[factor]]",
    "sysctl = \"net.core.busy_poll\"",
    "governor = \"0-3,9\"",
    "server_option = \"workers\"",
    "load_option = \"flows\"",
    "ethtool = { interface = \"${x}\", offload = \"gro\" }",
    "levels = [1, 2]",
    "levels = [true, false]",
    "levels = [\"present\", [\"a\"]]",
];

/// Sysctls with levels, all different.
fn any_factors() -> impl Strategy<Value = Vec<(String, Vec<i64>)>> {
    let levels = btree_set(any::<i64>(), 2..5).prop_map(|levels| levels.into_iter().collect());
    btree_set("[a-z]{1,8}", 1..6).prop_flat_map(move |names| {
        let factors = names
            .into_iter()
            .map(|name| (Just(format!("net.{name}")), levels.clone()));
        factors.collect::<Vec<_>>()
    })
}

/// A plan of such a design, whose factors have so many levels.
fn planned(wanted: Wanted, levels: &[usize]) -> Result<Plan, PlanError> {
    let design = match wanted {
        Wanted::OneFactor => "kind = \"one-factor\"".to_owned(),
        Wanted::Factorial => "kind = \"factorial\"".to_owned(),
        Wanted::Fraction { halvings } => {
            format!("kind = \"fraction\"\nfraction = \"1/{}\"", 1 << halvings)
        }
    };
    let mut text = format!("name = \"a\"\n[design]\n{design}\n");
    for (number, levels) in levels.iter().enumerate() {
        let levels: Vec<usize> = (0..*levels).collect();
        writeln!(
            text,
            "[[factor]]\nsysctl = \"net.a{number}\"\nlevels = {levels:?}"
        )
        .unwrap();
    }
    Plan::parse(&text, &[])
}

#[test]
fn every_fraction_that_can_be_planned_can_be_designed_and_no_other() {
    for factors in 1..=17 {
        for halvings in 1..=17 {
            let (wanted, levels) = (Wanted::Fraction { halvings }, vec![2; factors]);
            let plan = planned(wanted, &levels);
            let design = Design::new(wanted, &levels);
            assert_eq!(plan.is_ok(), design.is_ok(), "{plan:?} {design:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}") {
        let _plan: Result<Plan, PlanError> = Plan::parse(&text, &[]);
    }

    #[test]
    fn no_lines_of_plans_make_it_panic_and_what_is_wrong_has_its_line(
        lines in vec(select(LINES), 0..30), cut: Index,
    ) {
        let text = lines.join("\n");
        let text = &text[..cut.index(text.len() + 1)];
        if let Err(error) = Plan::parse(text, &[]) {
            prop_assert!(!error.sentence.is_empty());
            prop_assert!(error.line.is_none_or(|line| line <= text.lines().count() + 1));
        }
    }

    #[test]
    fn what_can_be_planned_is_what_can_be_designed(
        wanted in select(&[Wanted::OneFactor, Wanted::Factorial][..]),
        levels in prop_oneof![vec(2..5_usize, 1..18), vec(Just(2), 1..18), vec(3..30_usize, 1..4)],
        halvings in proptest::option::of(1..10_u32),
    ) {
        let wanted = halvings.map_or(wanted, |halvings| Wanted::Fraction { halvings });
        let (plan, design) = (planned(wanted, &levels), Design::new(wanted, &levels));
        prop_assert_eq!(plan.is_ok(), design.is_ok(), "{:?} {:?}", plan, design);
    }

    #[test]
    fn a_plan_is_read_as_it_was_written(
        name in "[a-z][ -#%-\\[\\]-~]{0,30}",
        factors in any_factors(),
        blocks in 20..=10_000_u32,
        seed in proptest::option::of(0..i64::MAX as u64),
        pause in 0..100_000_u64,
        retries in 0..=100_u32,
        judge in select(&JUDGES[..]),
    ) {
        let mut text = format!("name = {name:?}\n[design]\nblocks = {blocks}\n");
        if let Some(seed) = seed {
            writeln!(text, "seed = {seed}").unwrap();
        }
        writeln!(text, "pause = \"{pause}ms\"\nretries = {retries}\njudge = {judge:?}").unwrap();
        for (name, levels) in &factors {
            writeln!(text, "[[factor]]\nsysctl = {name:?}\nlevels = {levels:?}").unwrap();
        }
        let plan = Plan::parse(&text, &[]).unwrap();
        prop_assert_eq!(&plan.name, &name);
        prop_assert_eq!(plan.blocks, Blocks::Fixed(blocks));
        prop_assert_eq!(plan.seed, seed);
        prop_assert_eq!(plan.pause, Duration::from_millis(pause));
        prop_assert_eq!((plan.retries, plan.judge.as_str()), (retries, judge));
        prop_assert_eq!(&plan.text, &text);
        let read = plan.factors.iter().map(|factor| {
            let levels = factor.levels.iter().map(|level| level.to_string().parse().unwrap());
            (factor.name.clone(), levels.collect::<Vec<i64>>())
        });
        prop_assert_eq!(read.collect::<Vec<_>>(), factors);
    }
}
