//! Journals of what must be put back: no text makes their reader panic, and what is understood is no
//! longer than the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use loadgen::experiment::journal::entry::parse;

fuzz_target!(|text: &[u8]| {
    match parse(text) {
        Ok(None) => {}
        Ok(Some(record)) => assert!(record.length <= text.len() as u64),
        Err(damage) => assert!(damage.line > 0 && !damage.to_string().is_empty()),
    }
});
