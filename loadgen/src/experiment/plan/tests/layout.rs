use super::super::*;
use super::{assert_wrong, factors, plan, two_levels};

#[test]
fn designs_and_blocks_have_bounds() {
    for (lines, sentence) in [
        (
            "blocks = 5",
            "line 3: 5 blocks are too few, since even what is the same in all of them could be chance: it \
             takes 6 where one level is compared with a first one",
        ),
        (
            "blocks = -1",
            "line 3: -1 is not a number of blocks: 0 to 10000 are possible",
        ),
        (
            "blocks = { until = \"p50\", within = \"1h\" }",
            "line 3: until: 'p50' has no tolerance: write a percentile and a percentage, as in p99+-2%",
        ),
        (
            "blocks = { until = \"p75+-2%\", within = \"1h\" }",
            "line 3: until: p75 is not compared: there are p50, p90, p99 and p99.9",
        ),
        (
            "blocks = { until = \"p50+-2%\", within = \"0s\" }",
            "line 3: within is no time at all: write how long, as in \"2h\"",
        ),
        (
            "pause = \"5\"",
            "line 3: pause: '5' has no unit: write 5s for seconds or 5ms for milliseconds",
        ),
    ] {
        assert_wrong(plan(&format!("[design]\n{lines}")), sentence);
    }
}

#[test]
fn designs_that_cannot_be_are_refused() {
    for (lines, sentence) in [
        (
            "judge = \"mean\"",
            "line 3: judge: 'mean' is not compared: there are p50, p90, p99, p99.9, loss and cpu",
        ),
        (
            "kind = \"factorials\"",
            "line 3: 'factorials' is no kind of design: did you mean 'factorial'?",
        ),
        (
            "kind = \"fraction\"",
            "line 3: a fraction of what size? Write fraction = \"1/2\" beside it",
        ),
        (
            "fraction = \"1/2\"",
            "line 3: fraction goes with kind = \"fraction\" alone",
        ),
        (
            "kind = \"fraction\"\nfraction = \"1/3\"",
            "line 4: '1/3' is no fraction of a design: there are 1/2, 1/4, 1/8 and so on",
        ),
        (
            "kind = \"fraction\"\nfraction = \"1/2\"",
            "line 4: 1/2 of all combinations is too few to tell the factors apart: take a larger part",
        ),
        (
            "retries = 101",
            "line 3: 101 is not a number of retries: 0 to 100 are possible",
        ),
    ] {
        assert_wrong(plan(&format!("[design]\n{lines}")), sentence);
    }
}

#[test]
fn more_levels_take_more_blocks_to_tell_of_any() {
    let with = |blocks| factors(&format!("[design]\nblocks = {blocks}\n{}", two_levels(7)));
    assert_wrong(
        with(8),
        "line 3: 8 blocks are too few, since even what is the same in all of them could be chance: it \
         takes 9 where 7 levels are compared with a first one",
    );
    assert!(with(9).is_ok());
    let least = [1, 2, 3, 4, 6, 7, 12, 13, 25, 26, 51, 52, 102].map(least_blocks);
    assert_eq!(least, [6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12]);
}

#[test]
fn a_block_has_an_end() {
    assert_wrong(
        factors(&two_levels(17)),
        "line 50: there are 17 factors, and 16 are possible: leave some out",
    );
    assert_wrong(
        factors(&format!(
            "[design]\nkind = \"factorial\"\n{}",
            two_levels(10)
        )),
        "line 3: there are 1024 variants in each block, and 64 are possible: leave out levels or \
         factors, or take kind = \"one-factor\" or a fraction",
    );
}
