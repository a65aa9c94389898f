"""How strongly the electrolyte decomposes under a contact, against the same particle under full coverage."""
