// Shapley
