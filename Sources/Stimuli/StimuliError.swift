package import Files

/// What went wrong with stimuli or with their fit to a model. Stimuli are numbers in files, so it is told as of any file.
package typealias StimuliError = FileError
