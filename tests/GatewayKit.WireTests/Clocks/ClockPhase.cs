namespace GatewayKit.WireTests.Clocks;

/// <summary>Where an exchange stands when a clock runs out.</summary>
public enum ClockPhase
{
    Upload,
    UploadNotTaken,
    WaitingForHead,
    BeforeBody,
    Body,
}
