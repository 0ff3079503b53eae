//! Procedure catalogue, three-valued rules and interview order; pure
