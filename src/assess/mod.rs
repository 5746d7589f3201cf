//! Stage 4: facts -> verdicts and findings.
