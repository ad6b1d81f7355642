namespace Standalone;

/// <summary>What a script can tell an end by.</summary>
internal static class ExitCode
{
    public const int Fine = 0;
    public const int BadConfiguration = 1;
    public const int BadArguments = 2;
    public const int CannotListen = 3;
    public const int BadRecords = 4;
}
