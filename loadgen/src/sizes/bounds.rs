//! Which sizes there can be.

use echo_reactor::udp::MAX_PAYLOAD;
use thiserror::Error;

use crate::decimal;
use crate::probe::HEADER_LENGTH;

/// The smallest probe: its header.
#[expect(clippy::cast_possible_truncation, reason = "the header has 40 bytes")]
pub const SMALLEST: u16 = HEADER_LENGTH as u16;

/// The largest probe: a UDP datagram over IPv4 carries no more.
#[expect(clippy::cast_possible_truncation, reason = "it is under 65,536")]
pub const LARGEST: u16 = MAX_PAYLOAD as u16;

/// Why sizes cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the sentences name their fields")]
pub enum SizesError {
    /// The header must fit.
    #[error("{size} is too small: a probe needs at least {SMALLEST} bytes")]
    TooSmall { size: u16 },
    /// A UDP datagram over IPv4 carries no more.
    #[error("{size} is too large: a UDP datagram carries at most {LARGEST} bytes")]
    TooLarge { size: usize },
    /// A range without a size in it.
    #[error("{smallest}..{largest} ends before it begins")]
    Order { smallest: u16, largest: u16 },
    /// Nobody knows how the rest is to be shared.
    #[error("{first} and {second} have no percentage: only one part can take the rest")]
    TwoRests { first: u16, second: u16 },
    /// A size that no probe would have; the sum in thousand-millionths.
    #[error("nothing is left for {size}: the other parts make {}%", decimal::written(*sum, 7))]
    NoRest { size: u16, sum: u64 },
    /// Too few sizes for all probes, or too many; in thousand-millionths.
    #[error("the percentages make {}%, not 100%", decimal::written(*sum, 7))]
    Sum { sum: u64 },
}

/// Whether a probe can have `size`.
pub(super) fn is_possible(size: u16) -> bool {
    (SMALLEST..=LARGEST).contains(&size)
}

/// The same, as a sentence if it cannot.
pub(super) fn check(size: u16) -> Result<(), SizesError> {
    match size {
        ..SMALLEST => Err(SizesError::TooSmall { size }),
        SMALLEST..=LARGEST => Ok(()),
        _ => Err(SizesError::TooLarge { size: size.into() }),
    }
}
