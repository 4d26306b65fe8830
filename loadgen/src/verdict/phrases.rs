//! Doubts in a few words, where there is no room for sentences.

/// What a doubt says that is called so in results; nothing if none is.
#[must_use]
pub fn phrase(code: &str) -> Option<&'static str> {
    Some(match code {
        "unfinished" => "it was broken off",
        "nothing_measured" => "no probe was due",
        "rate_missed" => "not all probes were sent",
        "no_answers" => "nobody answered in time",
        "own_drops" => "the client's own sockets dropped answers",
        "quantiles_lost" => "quantiles fall among the lost probes",
        "generator_late" => "the client was late",
        "client_cpu_saturated" => "the client had to wait for a CPU",
        "involuntary_switches" => "the client had to make room for others",
        "time_stolen" => "the hypervisor stole time",
        "throttled" => "the control group was throttled",
        "too_hot" => "CPUs were too hot",
        "clock_jump" => "the wall clock was set",
        "not_stationary" => "round trips drifted",
        "arrivals_distorted" => "the gaps between probes were others",
        "timestamps_not_covered" => "kernel timestamps are missing",
        "values_over_range" => "times were over two minutes",
        "few_tail_samples" => "the highest quantiles are known roughly",
        _ => return None,
    })
}

/// The same with its name, for whoever looks it up: `the client was late (generator_late)`.
#[must_use]
pub fn named(code: &str) -> String {
    match phrase(code) {
        Some(phrase) => format!("{phrase} ({code})"),
        None => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_doubt_of_the_documentation_has_a_phrase() {
        let list = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/verdict.md");
        let list = std::fs::read_to_string(list).unwrap();
        let codes = list.lines().filter_map(|line| {
            let (code, outcome) = line.strip_prefix("| `")?.split_once("` | ")?;
            let is_doubt = ["note", "suspect", "invalid"]
                .iter()
                .any(|word| outcome.starts_with(word));
            is_doubt.then_some(code)
        });
        let codes: Vec<&str> = codes.collect();
        assert_eq!(codes.len(), 18, "{codes:?}");
        for code in codes {
            assert!(phrase(code).is_some(), "{code}");
        }
    }

    #[test]
    fn a_doubt_of_a_later_version_has_its_name_alone() {
        assert_eq!(named("later_doubt"), "later_doubt");
        assert_eq!(named("too_hot"), "CPUs were too hot (too_hot)");
    }
}
