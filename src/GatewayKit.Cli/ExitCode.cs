namespace GatewayKit.Cli;

/// <summary>What a script can tell an end by.</summary>
internal static class ExitCode
{
    public const int Fine = 0;
    public const int Findings = 1;
    public const int Usage = 2;
    public const int CannotRead = 3;
}
