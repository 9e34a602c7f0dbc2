"""What the frames of a comparison amount to: statistics, a verdict, figures and reports of them."""
