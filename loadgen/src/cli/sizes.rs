//! Sizes of probes as people type them: `64`, `64,512:20%,1400:5%`, `imix`, `64..1472`.

use thiserror::Error;

use super::units::{self, UnitError};
use crate::share::{Share, ShareError};
use crate::sizes::{Part, Sizes, SizesError};

/// Parses the sizes of probes: one size, parts with percentages, `imix`, or a range with both its
/// ends. A size is written as [`units::size`] takes it.
///
/// # Errors
///
/// Names the part that is wrong.
pub fn sizes(typed: &str) -> Result<Sizes, SizesTypedError> {
    let typed = typed.trim();
    if typed == "imix" {
        return Ok(Sizes::imix());
    }
    if let Some((smallest, largest)) = typed.split_once("..") {
        return Ok(Sizes::range(size(smallest)?, size(largest)?)?);
    }
    let parts = typed.split(',').map(part).collect::<Result<_, _>>()?;
    Ok(Sizes::mix(parts)?)
}

/// Why sizes could not be understood.
#[derive(Clone, Debug, PartialEq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum SizesTypedError {
    /// A number that is none.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// Numbers that do not go together.
    #[error(transparent)]
    Sizes(#[from] SizesError),
    /// A percentage that is none.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// A size that no probe would have.
    #[error("'{part}' is a size that no probe has: leave it out")]
    Nothing { part: String },
}

fn part(typed: &str) -> Result<Part, SizesTypedError> {
    let Some((bytes, portion)) = typed.split_once(':') else {
        return Ok(Part {
            size: size(typed)?,
            percentage: None,
        });
    };
    let percentage: Share = portion.trim().parse()?;
    if percentage == Share::NOTHING {
        let part = typed.to_owned();
        return Err(SizesTypedError::Nothing { part });
    }
    Ok(Part {
        size: size(bytes)?,
        percentage: Some(percentage),
    })
}

fn size(typed: &str) -> Result<u16, SizesTypedError> {
    let size = units::size(typed)?;
    // Smaller ones are looked at together with the rest.
    u16::try_from(size).map_err(|_| SizesError::TooLarge { size }.into())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn assert_refused(typed: &str, sentence: &str) {
        assert_eq!(sizes(typed).unwrap_err().to_string(), sentence, "{typed}");
    }

    #[test]
    fn one_size_is_a_mix_of_one() {
        assert_eq!(sizes("64").unwrap(), Sizes::one(64).unwrap());
        assert_eq!(sizes("1.4k").unwrap(), Sizes::one(1_400).unwrap());
        assert_eq!(sizes("64:100%").unwrap(), Sizes::one(64).unwrap());
        assert_eq!(sizes("64..64").unwrap(), Sizes::one(64).unwrap());
    }

    #[test]
    fn mixes_are_read_exactly() {
        for typed in ["64,512:20%,1400:5%", "40:0.000001%,41", "imix", "64..1472"] {
            assert_eq!(sizes(typed).unwrap().to_string(), typed);
        }
        let spaced = sizes(" 64 , 512 : 20.0 % , 1.4k:5%").unwrap();
        assert_eq!(spaced.to_string(), "64,512:20%,1400:5%");
        assert_eq!(sizes(" 64 .. 1472 ").unwrap().to_string(), "64..1472");
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_refused("", "'' does not begin with a number");
        assert_refused("Imix", "'Imix' does not begin with a number");
        assert_refused("64,", "'' does not begin with a number");
        assert_refused("64:20", "'20' is not a percentage: write 1% or 0.01%");
        assert_refused("64:%", "'%' is not a percentage: write 1% or 0.01%");
        assert_refused("64:-1%", "'-1%' is not a percentage: write 1% or 0.01%");
        assert_refused(
            "64:0.00000001%,70",
            "'0.00000001%' is finer than 0.0000001%, which is the finest possible",
        );
        assert_refused(
            "64:0%,70",
            "'64:0%' is a size that no probe has: leave it out",
        );
        assert_refused(
            "39,64:50%",
            "39 is too small: a probe needs at least 40 bytes",
        );
        assert_refused(
            "64..70000",
            "70000 is too large: a UDP datagram carries at most 65507 bytes",
        );
        assert_refused("512..64", "512..64 ends before it begins");
        assert_refused("64:50%,70:60%", "the percentages make 110%, not 100%");
        assert_refused("64..", "'' does not begin with a number");
    }

    /// Any mix: its percentages are the gaps between some points from 0 to 100 %.
    fn any_mix() -> impl Strategy<Value = String> {
        let cuts = vec(1..Share::WHOLE.billionths(), 0..6);
        (cuts, vec(40..65_508_u32, 7), any::<bool>()).prop_map(|(mut cuts, bytes, rest)| {
            cuts.push(Share::WHOLE.billionths());
            cuts.sort_unstable();
            cuts.dedup();
            let mut before = 0;
            let parts = cuts
                .iter()
                .zip(bytes)
                .enumerate()
                .map(|(number, (cut, bytes))| {
                    let percentage = Share::from_billionths(cut - before).unwrap();
                    before = *cut;
                    match (number, rest) {
                        (0, true) => bytes.to_string(),
                        _ => format!("{bytes}:{percentage}"),
                    }
                });
            parts.collect::<Vec<_>>().join(",")
        })
    }

    proptest! {
        #[test]
        fn a_mix_is_read_as_it_is_written(typed in any_mix()) {
            let read = sizes(&typed).unwrap();
            prop_assert_eq!(sizes(&read.to_string()), Ok(read.clone()));
            prop_assert!(typed.contains(',').then_some(&typed).is_none_or(|typed| read.to_string() == *typed));
        }

        #[test]
        fn a_range_is_read_as_it_is_written(smallest in 40..65_508_u16, largest in 40..65_508_u16) {
            match (Sizes::range(smallest, largest), sizes(&format!("{smallest}..{largest}"))) {
                (Ok(range), read) => {
                    prop_assert_eq!(Ok(range.clone()), read);
                    prop_assert_eq!(sizes(&range.to_string()), Ok(range));
                }
                (Err(_), read) => prop_assert!(read.is_err()),
            }
        }

        #[test]
        fn every_size_of_a_mix_is_within_its_bounds(typed in any_mix(), seed: u64, index: u64) {
            let read = sizes(&typed).unwrap();
            let drawn = read.of(seed, index);
            prop_assert!((read.smallest()..=read.largest()).contains(&drawn));
        }

        #[test]
        fn nothing_typed_makes_it_panic(typed in "\\PC{0,40}") {
            let _outcome: Result<Sizes, SizesTypedError> = sizes(&typed);
        }

        #[test]
        fn nothing_similar_makes_it_panic(typed in "[0-9.,:% imxkK]{0,40}") {
            let _outcome: Result<Sizes, SizesTypedError> = sizes(&typed);
        }
    }
}
