//! The small languages of the command line: no text makes a parser panic, and what is understood is
//! written as something that is understood alike.

#![no_main]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use echo_reactor::access::{Limit, SourceLengths};
use echo_reactor::faults::Faults;
use libfuzzer_sys::fuzz_target;
use loadgen::cli::arrivals::Spacing;
use loadgen::cli::{sizes, units};
use loadgen::compare::Bound;
use loadgen::measure::Fraction;
use loadgen::precision::Goal;
use loadgen::rate::Rate;
use loadgen::share::Share;
use loadgen::slo::Slo;

fuzz_target!(|text: &str| {
    there_and_back::<Bound>(text);
    there_and_back::<Faults>(text);
    there_and_back::<Fraction>(text);
    there_and_back::<Goal>(text);
    there_and_back::<Limit>(text);
    there_and_back::<Rate>(text);
    there_and_back::<Share>(text);
    there_and_back::<SourceLengths>(text);
    there_and_back::<Slo>(text);
    there_and_back::<Spacing>(text);
    if let Ok(rate) = units::rate(text) {
        assert_eq!(units::rate(&rate.to_string()), Ok(rate));
    }
    if let Ok(understood) = sizes::sizes(text) {
        assert_eq!(sizes::sizes(&understood.to_string()).ok(), Some(understood));
    }
    let _bytes = units::size(text);
    let _time = units::duration(text);
});

fn there_and_back<T>(text: &str)
where
    T: FromStr + Display + PartialEq + Debug,
{
    if let Ok(understood) = text.parse::<T>() {
        let written = understood.to_string();
        assert_eq!(written.parse::<T>().ok(), Some(understood), "{written}");
    }
}
