// The operations of the story, by the words that each client is given.

export const OPERATIONS = {
  logIn: `
    mutation storyLogInMutation($input: LogInInput!) {
      logIn(input: $input) { __typename ... on LoggedIn { token viewer { id role } } ... on Problem { code message } }
    }`,
  preview: `
    query storyPreviewQuery($day: Date!) {
      timeline(requestedOn: $day) { erasure { lastDay at } }
    }`,
  terminate: `
    mutation storyTerminateMutation($input: TerminateContractInput!) {
      terminateContract(input: $input) {
        __typename
        ... on ContractTerminated { contract { id status } }
        ... on Problem { code message }
      }
    }`,
  resume: `
    mutation storyResumeMutation($input: ResumeContractInput!) {
      resumeContract(input: $input) {
        __typename
        ... on ContractResumed { contract { id status } }
        ... on Problem { code message }
      }
    }`,
};
