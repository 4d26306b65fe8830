//! What an experiment does one after the other, and how long that takes. Pure.
//!
//! What takes less than a second is not counted: setting something, and a server that starts or stops.
//! Neither are runs that have to be made once more.

use std::time::Duration;

use super::design::Variant;
use super::plan::{Blocks, FactorKind, Level, Plan, Server, Times};

/// One thing that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of its block, from 0.
    pub block: u32,
    /// The number of the variant that it is for.
    pub variant: usize,
    /// What is done.
    pub action: Action,
    /// How long it takes.
    pub takes: Times,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A setting of the host is changed, or put back as it was found.
    Set {
        /// The number of the factor.
        factor: usize,
        /// The number of its level.
        level: usize,
    },
    /// The server is started.
    Start,
    /// The load goes on.
    Load,
    /// The server is stopped.
    Stop,
    /// The host rests.
    Pause,
}

/// Everything that an experiment does.
#[derive(Clone, Debug)]
pub struct Steps<'a> {
    plan: &'a Plan,
    variants: &'a [Variant],
    /// How long the load of each variant goes on.
    loads: Vec<Times>,
}

impl<'a> Steps<'a> {
    /// The steps of a plan with these variants.
    ///
    /// # Errors
    ///
    /// A sentence on options of the load that are not understood.
    pub fn new(plan: &'a Plan, variants: &'a [Variant]) -> Result<Self, String> {
        let loads = variants
            .iter()
            .map(|variant| Times::of(&plan.load_at(&variant.levels)));
        Ok(Self {
            plan,
            variants,
            loads: loads.collect::<Result<_, _>>()?,
        })
    }

    /// All steps of the first `blocks` blocks, where `order` has the numbers of the variants of each.
    pub fn of_blocks(
        &self,
        blocks: u32,
        order: impl Fn(u32) -> Vec<usize>,
    ) -> impl Iterator<Item = Step> {
        let mut before: Option<usize> = None;
        (0..blocks).flat_map(move |block| {
            let mut steps = Vec::new();
            for variant in order(block) {
                self.run(block, variant, before, &mut steps);
                before = Some(variant);
            }
            steps
        })
    }

    /// The numbers of the factors that are put back in the end, in the order in which that is done: those
    /// that are read and written down at first, from the last to the first.
    #[must_use]
    pub fn back(&self) -> impl DoubleEndedIterator<Item = usize> {
        let factors = 0..self.plan.factors.len();
        factors.rev().filter(|factor| self.is_of_host(*factor))
    }

    /// How long a block takes, in whatever order.
    #[must_use]
    pub fn block(&self) -> Times {
        let pause = Times::exactly(self.plan.pause);
        let loads = self.loads.iter();
        loads.fold(Times::NONE, |sum, load| sum.and(*load).and(pause))
    }

    /// How long all blocks take. Where their number is open, no block is begun after the time that is
    /// set for them.
    #[must_use]
    pub fn total(&self) -> Times {
        let block = self.block();
        match self.plan.blocks {
            Blocks::Fixed(blocks) => block.times(blocks),
            Blocks::Until { within, least, .. } => Times {
                least: block.times(least).least.min(within),
                most: block.most.map(|most| within.saturating_add(most)),
            },
        }
    }

    /// One run, after one of another variant or, of the first run, of none.
    fn run(&self, block: u32, variant: usize, before: Option<usize>, steps: &mut Vec<Step>) {
        let mut step = |action, takes| {
            steps.push(Step {
                block,
                variant,
                action,
                takes,
            });
        };
        let levels_of = |variant: usize| self.variants.get(variant).map(|there| &there.levels);
        let before = before.and_then(levels_of);
        let levels = levels_of(variant).into_iter().flatten();
        for (factor, level) in levels.copied().enumerate() {
            let is_there = match before {
                Some(before) => before.get(factor) == Some(&level),
                None => self.is_found(factor, level),
            };
            if self.is_of_host(factor) && !is_there {
                step(Action::Set { factor, level }, Times::NONE);
            }
        }
        let is_started = matches!(self.plan.server, Server::Started { .. });
        if is_started {
            step(Action::Start, Times::NONE);
        }
        let load = self.loads.get(variant).copied().unwrap_or(Times::NONE);
        step(Action::Load, load);
        if is_started {
            step(Action::Stop, Times::NONE);
        }
        if self.plan.pause > Duration::ZERO {
            step(Action::Pause, Times::exactly(self.plan.pause));
        }
    }

    fn is_of_host(&self, factor: usize) -> bool {
        let factor = self.plan.factors.get(factor);
        factor.is_some_and(|factor| matches!(factor.kind, FactorKind::Host(_)))
    }

    /// Whether a level is that which the host has before anything is set.
    fn is_found(&self, factor: usize, level: usize) -> bool {
        let factor = self.plan.factors.get(factor);
        let level = factor.and_then(|factor| factor.levels.get(level));
        level == Some(&Level::Present)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn variants(levels: &[&[usize]]) -> Vec<Variant> {
        let variant = |levels: &&[usize]| Variant {
            levels: levels.to_vec(),
        };
        levels.iter().map(variant).collect()
    }

    fn plan(design: &str, server: &str) -> Plan {
        let text = format!(
            "name = \"a\"\n\
             [load]\noptions = {{ duration = \"2s\", warmup = \"0\" }}\n\
             [server]\n{server}\n\
             [design]\npause = \"500ms\"\n{design}\n\
             [[factor]]\nsysctl = \"net.x\"\nlevels = [\"present\", 1]\n\
             [[factor]]\nsysctl = \"net.y\"\nlevels = [0, 1]\n\
             [[factor]]\nload_option = \"interval\"\nlevels = [\"1s\", \"2s\"]\n"
        );
        Plan::parse(&text, &[]).unwrap()
    }

    #[test]
    fn a_setting_is_changed_where_it_is_another_one() {
        let plan = plan("", "options = {}");
        let variants = variants(&[&[0, 0, 0], &[1, 0, 1], &[1, 0, 0]]);
        let steps = Steps::new(&plan, &variants).unwrap();
        let set = |factor, level| Action::Set { factor, level };
        let mut expected = vec![(0, set(1, 0))];
        let run = |variant| {
            [Action::Start, Action::Load, Action::Stop, Action::Pause]
                .map(|action| (variant, action))
        };
        expected.extend(run(0));
        expected.push((1, set(0, 1)));
        expected.extend(run(1));
        expected.extend(run(2));
        // The next block begins with what the one before ended with.
        expected.extend(run(2));
        expected.push((0, set(0, 0)));
        expected.extend(run(0));
        expected.push((1, set(0, 1)));
        expected.extend(run(1));
        let order = |block| {
            if block == 0 {
                vec![0, 1, 2]
            } else {
                vec![2, 0, 1]
            }
        };
        let there: Vec<_> = steps
            .of_blocks(2, order)
            .map(|step| (step.variant, step.action))
            .collect();
        assert_eq!(there, expected);
    }

    #[test]
    fn what_was_read_first_goes_back_last() {
        let plan = plan("", "options = {}");
        let steps = Steps::new(&plan, &[]).unwrap();
        assert_eq!(steps.back().collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn a_server_elsewhere_is_not_started() {
        let plan = plan("", "target = \"a:1\"");
        let variants = variants(&[&[0, 1, 0]]);
        let steps = Steps::new(&plan, &variants).unwrap();
        let actions: Vec<Action> = steps.of_blocks(1, |_| vec![0]).map(|s| s.action).collect();
        let set = Action::Set {
            factor: 1,
            level: 1,
        };
        assert_eq!(actions, [set, Action::Load, Action::Pause]);
    }

    #[test]
    fn blocks_without_a_number_have_a_time() {
        let until = "blocks = { until = \"p50+-3%\", within = \"1m\", least = 8 }";
        let plan = plan(until, "");
        let variants = variants(&[&[0, 0, 0], &[1, 0, 0]]);
        let steps = Steps::new(&plan, &variants).unwrap();
        assert_eq!(steps.block().to_string(), "5s");
        let total = Times {
            least: Duration::from_secs(40),
            most: Some(Duration::from_secs(65)),
        };
        assert_eq!(steps.total(), total);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_steps_take_as_long_as_all_of_them_together(
            blocks in 7..20_u32, levels in prop::collection::vec([0..2_usize, 0..2, 0..2], 1..6),
        ) {
            let plan = plan(&format!("blocks = {blocks}"), "");
            let levels: Vec<&[usize]> = levels.iter().map(|levels| &levels[..]).collect();
            let variants = variants(&levels);
            let steps = Steps::new(&plan, &variants).unwrap();
            let order = |_| (0..variants.len()).rev().collect();
            let sum = steps
                .of_blocks(blocks, order)
                .fold(Times::NONE, |sum, step| sum.and(step.takes));
            prop_assert_eq!(sum, steps.total());
        }
    }
}
