namespace GatewayKit.Pipeline;

/// <summary>A policy of the stage <see cref="GatewayStage.Observe"/> that wants answers as they come, not written yet.</summary>
internal interface IAnswerPolicy : IGatewayPolicy;
