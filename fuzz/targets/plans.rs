//! Plans of tuning experiments: no text makes their reader panic, and what is understood is understood
//! alike once more, has a hash, and can be told step by step.

#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgen::experiment::design::Design;
use loadgen::experiment::design::order::order;
use loadgen::experiment::plan::{Plan, arguments};
use loadgen::experiment::steps::Steps;

fuzz_target!(|text: &str| {
    let plan = match Plan::parse(text, &[]) {
        Ok(plan) => plan,
        Err(error) => {
            assert!(!error.sentence.is_empty());
            let lines = 1 + text.matches('\n').count();
            assert!(error.line.is_none_or(|line| line <= lines), "{error}");
            return;
        }
    };
    assert_eq!(plan.text, text);
    assert_eq!(plan.hash.len(), 64);
    assert_eq!(Plan::parse(text, &[]).as_ref(), Ok(&plan));
    let levels: Vec<usize> = plan
        .factors
        .iter()
        .map(|factor| factor.levels.len())
        .collect();
    assert!(levels.iter().all(|levels| *levels > 1));
    let Ok(design) = Design::new(plan.design, &levels) else {
        return;
    };
    for variant in &design.variants {
        let _load = arguments(&plan.load_at(&variant.levels).options);
        let _server = plan.server_at(&variant.levels);
    }
    let steps = Steps::new(&plan, &design.variants).expect("the plan was checked");
    let block = steps.of_blocks(1, |block| order(1, block, design.variants.len()));
    assert!(block.count() >= design.variants.len());
    let _total = steps.total().to_string();
});
