// Lesion
