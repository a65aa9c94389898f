"""Risk studies: decomposition of the electrolyte under a contact against the same particle under full coverage."""
