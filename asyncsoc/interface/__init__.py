"""What happens at a contact: rate laws, side reaction and film."""
